"""Pages: results for people, as one HTML page that needs no other file, and as Markdown with its pictures beside it.

What a page says is put together once, of blocks, and written in both forms by `form`:

    results ──► headline (what all of it comes to) ─┐
            └─► sections (each benchmark)          ─┴─► whole ──► HTML, Markdown
                                                        single ─► HTML

`figures` arranges rows by what their ids say, `phases` tells before from after a drift, `words` holds what a reader
must be told, `runs` runs all benchmarks, each a process of its own, and `command` is ``bench report``.
"""
