(() => {
  const table = document.getElementById("files"), body = table.tBodies[0];
  const state = document.getElementById("state"), words = document.getElementById("words");
  const rows = [...body.rows];
  const show = () => {
    const wanted = words.value.toLowerCase();
    let n = 0;
    for (const row of rows) {
      const fits = (!state.value || row.className === state.value) && row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      n += fits;
    }
    document.getElementById("count").value = n === rows.length ? "" : `${n} of ${rows.length}`;
  };
  state.addEventListener("change", show);
  words.addEventListener("input", show);
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.cells[place].dataset.n === undefined ? row.cells[place].textContent : +row.cells[place].dataset.n;
    const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    rows.sort((a, b) => (down ? -1 : 1) * order(key(a), key(b)));
    body.append(...rows);
  }));
})();
