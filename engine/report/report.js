for (const chart of document.querySelectorAll(".chart")) {
  const svg = chart.querySelector("svg"), tip = chart.querySelector(".tip"), line = chart.querySelector(".pointer");
  const series = JSON.parse(chart.dataset.series), box = svg.viewBox.baseVal;
  const show = (value, unit = chart.dataset.unit) => unit == "percent" ? (100 * value).toFixed(2) + "%" : Number(value.toPrecision(4)).toString();
  const nearest = (points, x) => points.reduce((best, point) => Math.abs(point[2] - x) < Math.abs(best[2] - x) ? point : best);
  svg.addEventListener("pointermove", event => {
    const frame = svg.getBoundingClientRect(), x = (event.clientX - frame.left) / frame.width * box.width;
    const found = series.map(one => nearest(one.points, x));
    const anchor = nearest(found, x);
    tip.replaceChildren(chart.dataset.x + " " + show(anchor[0], chart.dataset.xUnit));
    series.forEach((one, index) => {
      const row = document.createElement("div"), mark = document.createElement("i");
      mark.className = "color" + one.color;
      mark.style.cssText = "display:inline-block;width:8px;height:8px;border-radius:4px;margin-right:6px";
      row.append(mark, one.name + " " + show(found[index][1]));
      tip.append(row);
    });
    for (const [name, value] of [["x1", anchor[2]], ["x2", anchor[2]], ["y1", 12], ["y2", box.height - 36]]) line.setAttribute(name, value);
    line.removeAttribute("hidden");
    tip.hidden = false;
    const left = svg.offsetLeft || frame.left - chart.getBoundingClientRect().left, at = left + anchor[2] / box.width * frame.width;
    tip.style.left = (at + 12 + tip.offsetWidth > chart.clientWidth ? at - 12 - tip.offsetWidth : at + 12) + "px";
    tip.style.top = frame.top - chart.getBoundingClientRect().top + 8 + "px";
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; line.setAttribute("hidden", ""); });
}
