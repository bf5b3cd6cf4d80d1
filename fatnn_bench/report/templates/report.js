"use strict";
(() => {
  const table = document.getElementById("rows");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const count = document.getElementById("count");
  const filters = ["text", "network", "kernel", "status"]
    .map((name) => [name, document.getElementById("filter-" + name)])
    .filter(([, element]) => element);
  const texts = new Map(rows.map((row) => [row, (row.textContent + " " + row.title).toLowerCase()]));

  function filter() {
    let shown = 0;
    for (const row of rows) {
      const wanted = filters.every(([name, element]) => name === "text"
        ? texts.get(row).includes(element.value.trim().toLowerCase())
        : element.value === "" || row.dataset[name] === element.value);
      row.hidden = !wanted;
      shown += wanted;
    }
    count.textContent = shown + " of " + rows.length + " rows";
  }

  function key(row, column, numeric) {
    const cell = row.cells[column];
    if (!numeric) return cell.textContent;
    return cell.dataset.key === "" ? null : Number(cell.dataset.key);
  }

  function sort(heading, column, numeric) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, key(row, column, numeric)]));
    const direction = descending ? -1 : 1;
    rows.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === null || y === null) return (x === null) - (y === null);  // what is unknown comes last
      return direction * (numeric ? x - y : x.localeCompare(y, "en", { numeric: true }));
    });
    body.append(...rows);
  }

  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = heading.querySelector("button");
    button.addEventListener("click", () => sort(heading, column, button.dataset.numeric === "yes"));
  });
  for (const [name, element] of filters) element.addEventListener(name === "text" ? "input" : "change", filter);
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
})();
