"""Form: `blocks` say what is on a page, `as_html` and `as_markdown` write it, `chart` draws, `style` has the looks."""
