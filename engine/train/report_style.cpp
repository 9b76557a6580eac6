#include "engine/train/report_style.h"

namespace sleight {

const std::string_view report_style = R"(
:root {
  color-scheme: light dark;
  --paper: #f5f5f2; --card: #ffffff; --ink: #1b1d22; --muted: #6c717c; --line: #e5e4df; --empty: #f1f0ec;
  --color0: #2c6bed; --color1: #e2711d; --color2: #17936a; --color3: #8b5cf6; --color4: #c2356f; --color5: #8a7a12;
  --right: #17936a; --wrong: #d9412f;
  --shadow: 0 1px 2px #0000000d, 0 4px 16px #0000000a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #111215; --card: #1a1c21; --ink: #e9eaee; --muted: #969ba8; --line: #2b2e36; --empty: #22252b;
    --color0: #6c9dff; --color1: #ff9a4d; --color2: #3cc796; --color3: #b195ff; --color4: #ff7fb0; --color5: #d4c04a;
    --right: #3cc796; --wrong: #ff7362; --shadow: none;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none; }
body {
  background: var(--paper); color: var(--ink); padding: 40px 24px 64px; -webkit-text-size-adjust: 100%;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; }
header { margin-bottom: 26px; }
header p { color: var(--muted); }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.02em; font-weight: 680; }
h2 { font-size: 19px; letter-spacing: -.01em; margin: 40px 0 14px; font-weight: 650; }
h3 { font-size: 14px; font-weight: 650; }
.brand { font-weight: 700; letter-spacing: .14em; font-size: 11px; text-transform: uppercase; color: var(--color0); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); padding: 16px 18px; }
.cards { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); }
.cards .card span { display: block; color: var(--muted); font-size: 12.5px; }
.cards .card b { display: block; font-size: 26px; line-height: 1.3; letter-spacing: -.02em; font-weight: 660; }
.cards .first b { color: var(--color0); }
.warning { border-left: 4px solid var(--wrong); margin-top: 14px; }
.pair { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); align-items: start; }
.trio { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); margin-top: 14px; }
.trio .chart svg { font-size: 14px; }
.column { display: grid; gap: 14px; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-bottom: 10px; }
.legend { color: var(--muted); font-size: 12.5px; display: flex; flex-wrap: wrap; gap: 2px 14px; }
.legend b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.legend i { display: inline-block; width: 10px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
i.color0 { background: var(--color0); } i.color1 { background: var(--color1); }
i.color2 { background: var(--color2); } i.color3 { background: var(--color3); }
i.color4 { background: var(--color4); } i.color5 { background: var(--color5); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--muted); }
.chart { position: relative; }
.chart svg { font-size: 11px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); }
.curve, .faint { fill: none; stroke-linejoin: round; stroke-linecap: round; }
.curve { stroke-width: 2; } .faint { stroke-width: 1; opacity: .28; }
path.color0 { stroke: var(--color0); } path.color1 { stroke: var(--color1); }
path.color2 { stroke: var(--color2); } path.color3 { stroke: var(--color3); }
path.color4 { stroke: var(--color4); } path.color5 { stroke: var(--color5); }
circle { fill: var(--card); stroke-width: 2; }
circle.color0 { stroke: var(--color0); } circle.color1 { stroke: var(--color1); }
circle.color2 { stroke: var(--color2); } circle.color3 { stroke: var(--color3); }
circle.color4 { stroke: var(--color4); } circle.color5 { stroke: var(--color5); }
.pointer { stroke: var(--muted); stroke-dasharray: 3 3; }
.tip {
  position: absolute; pointer-events: none; background: var(--ink); color: var(--card); border-radius: 8px;
  padding: 6px 10px; font-size: 12px; line-height: 1.45; white-space: nowrap; font-variant-numeric: tabular-nums;
}
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
td, th { text-align: left; padding: 6px 10px 6px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr:first-child td, tr:first-child th { border-top: 0; }
th { font-weight: 500; color: var(--muted); }
td:first-child { white-space: nowrap; }
.number { text-align: right; padding-right: 0; font-variant-numeric: tabular-nums; white-space: nowrap; }
.recipe { columns: 2 420px; column-gap: 40px; }
.recipe div {
  display: flex; gap: 16px; justify-content: space-between; break-inside: avoid; padding: 5px 0; font-size: 13.5px;
  border-bottom: 1px solid var(--line);
}
.recipe dt { color: var(--muted); white-space: nowrap; } .recipe dd { text-align: right; overflow-wrap: anywhere; min-width: 0; }
.matrix .empty { fill: var(--empty); } .matrix .right { fill: var(--right); } .matrix .wrong { fill: var(--wrong); }
.matrix .share { fill: var(--ink); font-size: 11px; font-variant-numeric: tabular-nums; }
.bar { display: grid; grid-template-columns: 130px 1fr 52px; gap: 12px; align-items: center; font-size: 13.5px; padding: 3px 0; }
.bar span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bar i { background: var(--empty); border-radius: 5px; height: 9px; overflow: hidden; }
.bar b { display: block; height: 100%; background: var(--color0); border-radius: 5px; }
.bar em { font-style: normal; text-align: right; font-variant-numeric: tabular-nums; }
.pictures { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); }
.pictures figure { padding: 8px 8px 10px; font-size: 12.5px; line-height: 1.4; overflow-wrap: anywhere; }
.pictures .missed { border-color: var(--wrong); box-shadow: 0 0 0 1px var(--wrong); }
.pictures img { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 6px; image-rendering: pixelated; display: block; margin-bottom: 7px; background: var(--empty); }
.pictures b { font-weight: 620; } .pictures .missed b { color: var(--wrong); }
.scenes { display: grid; gap: 12px; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
.scenes figure { padding: 8px 8px 10px; font-size: 12.5px; overflow-wrap: anywhere; }
.scenes img { width: 100%; border-radius: 6px; display: block; margin-bottom: 7px; }
.scenes small { color: var(--muted); font-size: 12px; display: block; }
.pictures small { color: var(--muted); font-size: 12px; display: block; }
footer { color: var(--muted); font-size: 12.5px; margin-top: 44px; }
@media print { body { padding: 0; } .card { break-inside: avoid; box-shadow: none; } }
)";

const std::string_view report_script = R"(
for (const chart of document.querySelectorAll(".chart")) {
  const svg = chart.querySelector("svg"), tip = chart.querySelector(".tip"), line = chart.querySelector(".pointer");
  const series = JSON.parse(chart.dataset.series), box = svg.viewBox.baseVal;
  const show = value => chart.dataset.unit == "percent" ? (100 * value).toFixed(2) + "%" : Number(value.toPrecision(4)).toString();
  const nearest = (points, x) => points.reduce((best, point) => Math.abs(point[2] - x) < Math.abs(best[2] - x) ? point : best);
  svg.addEventListener("pointermove", event => {
    const frame = svg.getBoundingClientRect(), x = (event.clientX - frame.left) / frame.width * box.width;
    const found = series.map(one => nearest(one.points, x));
    const anchor = nearest(found, x);
    tip.replaceChildren(chart.dataset.x + " " + Number(anchor[0].toPrecision(4)));
    series.forEach((one, index) => {
      const row = document.createElement("div"), mark = document.createElement("i");
      mark.className = "color" + one.color;
      mark.style.cssText = "display:inline-block;width:8px;height:8px;border-radius:4px;margin-right:6px";
      row.append(mark, one.name + " " + show(found[index][1]));
      tip.append(row);
    });
    for (const [name, value] of [["x1", anchor[2]], ["x2", anchor[2]], ["y1", 12], ["y2", box.height - 28]]) line.setAttribute(name, value);
    line.removeAttribute("hidden");
    tip.hidden = false;
    const left = svg.offsetLeft || frame.left - chart.getBoundingClientRect().left, at = left + anchor[2] / box.width * frame.width;
    tip.style.left = (at + 12 + tip.offsetWidth > chart.clientWidth ? at - 12 - tip.offsetWidth : at + 12) + "px";
    tip.style.top = frame.top - chart.getBoundingClientRect().top + 8 + "px";
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; line.setAttribute("hidden", ""); });
}
)";

}  // namespace sleight
