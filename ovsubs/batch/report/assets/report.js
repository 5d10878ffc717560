(() => {
  const table = document.getElementById("files");
  if (!table) return;
  const N_SHOWN = 250; // rows at a time: a browser lays out ten thousand in seconds
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], form = document.querySelector(".filter");
  const state = document.getElementById("state"), words = document.getElementById("words");
  const count = document.getElementById("count"), more = document.getElementById("more");
  let rows = [...body.rows], limit = N_SHOWN;
  const said = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const show = () => {
    const wanted = words.value.trim().toLowerCase();
    let n = 0;
    for (const row of rows) {
      const fits = (!state.value || row.className === state.value) && said.get(row).includes(wanted);
      n += fits;
      row.hidden = !fits || n > limit;
    }
    count.value = n === rows.length ? `${n} files` : `${n} of ${rows.length} files`;
    more.hidden = n <= limit;
    more.textContent = `Show ${Math.min(4 * N_SHOWN, n - limit)} more`;
  };
  const filter = () => { limit = N_SHOWN; show(); };
  const value = (cell) => (cell.dataset.n === undefined ? cell.textContent : Number(cell.dataset.n));
  const texts = new Intl.Collator(undefined, { numeric: true });
  const order = (a, b) => (typeof a === "number" ? a - b : texts.compare(a, b));
  const sort = (place) => {
    const down = heads[place].getAttribute("aria-sort") === "ascending";
    heads.forEach((head) => head.setAttribute("aria-sort", "none"));
    heads[place].setAttribute("aria-sort", down ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, value(row.cells[place])]));
    rows.sort((a, b) => (down ? -1 : 1) * order(keys.get(a), keys.get(b)));
    filter();
    for (const row of rows) body.append(row);
  };
  heads.forEach((head, place) => head.querySelector("button").addEventListener("click", () => sort(place)));
  state.addEventListener("change", filter);
  words.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { limit += 4 * N_SHOWN; show(); });
  form.hidden = false;
  show();
  table.classList.add("ready");
})();
