"""Style: how pages and drawings look, light and dark, wide and narrow.

Colours of lines are Okabe and Ito's, which can be told apart without seeing red and green, lightened on dark ground.
"""

from typing import Final

LINES: Final = 8
"""How many colours there are for lines."""

_LIGHT: Final = (
    "--ground:#ffffff;--raised:#f4f5f7;--ink:#1c2128;--faint:#59636e;--rule:#d4d9df;--accent:#0b62a4;--alarm:#a63d00;"
    "--alarm-ground:#fdf0e6;--shade:11,98,164;"
    "--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#a8508a;--c4:#a67300;--c5:#2b8fc4;--c6:#6b6b6b;--c7:#7a5cc0;"
    "--higher:#0072b2;--lower:#c98500"
)
_DARK: Final = (
    "--ground:#14181d;--raised:#1e242b;--ink:#e6e9ed;--faint:#9aa5b1;--rule:#363e48;--accent:#6cb6f0;--alarm:#ffad7a;"
    "--alarm-ground:#33231a;--shade:86,166,230;"
    "--c0:#56a6e6;--c1:#ff8a3c;--c2:#35c79a;--c3:#e08fc2;--c4:#e6b422;--c5:#8fd0f5;--c6:#b0b0b0;--c7:#b39af0;"
    "--higher:#56a6e6;--lower:#e6b422"
)
_THEMES: Final = f":root{{color-scheme:light dark;{_LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{_DARK}}}}}"

_DRAWING: Final = (
    "svg.chart{display:block;width:100%;height:auto}"
    "svg.chart text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--faint)}"
    "svg.chart text.key{fill:var(--ink)}svg.chart .grid{stroke:var(--rule);stroke-width:1}"
    "svg.chart .mark{stroke:var(--faint);stroke-width:1.5}svg.chart text.marked{fill:var(--ink)}"
    "svg.chart .band{fill:var(--faint);opacity:.15}"
    "svg.chart .line{fill:none;stroke-width:2;stroke-linejoin:round}"
    "svg.chart .first{stroke-width:3.5}"
    + "".join(f"svg.chart .s{n}{{stroke:var(--c{n})}}svg.chart .f{n}{{fill:var(--c{n})}}" for n in range(LINES))
)

_PAGE: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.5;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0 .8rem}
h2{font-size:1.25rem;margin:2.6rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--rule)}
h3{font-size:1.02rem;margin:1.6rem 0 .3rem}
p,ul,dl,pre{max-width:46rem}
p{margin:.5rem 0}
.lead{font-size:1.1rem}
.small{color:var(--faint);font-size:.9rem}
.warning{background:var(--alarm-ground);border-left:4px solid var(--alarm);padding:.6rem .8rem}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1.2rem;margin:.6rem 0}
dt{font-weight:600}dd{margin:0}
li{margin:.25rem 0}
.scroll{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.93rem}
th,td{padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:middle}
th{color:var(--faint);font-weight:600;font-size:.85rem;vertical-align:bottom}
th.number,td.number{text-align:right}
td.number{white-space:nowrap}
td.shaded{padding-left:.5rem;padding-right:.5rem}
td.code{overflow-wrap:anywhere}
tr.strong td,td.best{font-weight:700}
th:first-child,td:first-child{min-width:8.5rem}
.scroll th:first-child,.scroll td:first-child{position:sticky;left:0;background:var(--ground)}
td.bar{width:26%;min-width:4rem}
td.bar svg{display:block;width:100%;height:.8rem}
svg .higher{fill:var(--higher)}svg .lower{fill:var(--lower)}
code,pre{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--raised);padding:.7rem .8rem;overflow-x:auto;border-radius:4px}
.pictures{display:grid;gap:1.4rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));margin:1rem 0}
figure{margin:0;max-width:38rem}
figcaption{font-size:.9rem;margin-bottom:.3rem;font-weight:600}
details{margin:.8rem 0;border:1px solid var(--rule);border-radius:4px;padding:.4rem .8rem}
summary{cursor:pointer;color:var(--accent)}
@media(max-width:34rem){
body{font-size:15px}h1{font-size:1.4rem}
th,td{padding-right:.45rem}
table{font-size:.84rem}th{font-size:.76rem}
td.bar,th.bar{display:none}
th:first-child,td:first-child{min-width:6rem}
dl{display:block}dd{margin:0 0 .5rem}
}
@media print{details>*{display:block}h2{break-after:avoid}figure,tr{break-inside:avoid}}
"""

PAGE_STYLE: Final = _THEMES + _DRAWING + _PAGE
"""For a page with drawings in it."""

DRAWING_STYLE: Final = _THEMES + "svg.chart{background:var(--ground)}" + _DRAWING
"""For a drawing in a file of its own."""
