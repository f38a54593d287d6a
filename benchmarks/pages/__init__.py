"""Pages: results for people, as one HTML page that needs no other file, and as Markdown with its pictures beside it.

What a page says is put together once, of blocks, and written in both forms by `form`:

    results ──► headline (what all of it comes to) ─┐
            └─► sections (each benchmark)          ─┴─► whole ──► HTML, Markdown
                                                        single ─► HTML

`answer` puts what the headline says into sentences, `drawings` draws curves, `special` makes the tables of benchmarks
whose rows are more than a list. `figures` arranges rows by what their ids say, `phases` tells before from after a
change.
What a reader must be told is in `words`, of models, streams and metrics in `names`, of each benchmark in `chapters`.
`runs` runs all benchmarks, each a process of its own; `command` is ``bench report``, `publish` keeps a report with the
code.
"""
