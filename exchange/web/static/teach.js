// Marking values of a mail by clicks. Without this the numbers of the words are written into the form.
(function () {
  "use strict";
  const form = document.querySelector("[data-teach]");
  if (!form) return;
  const rows = Array.from(form.querySelectorAll(".marks tbody tr"));
  const words = Array.from(form.querySelectorAll(".word"));
  const field = (row) => row.querySelector("select");
  const ends = (row) => Array.from(row.querySelectorAll("input"));
  let active = null;

  words.forEach((word) => {
    word.tabIndex = 0;
    word.setAttribute("role", "button");
  });

  function choose(row) {
    active = row;
    rows.forEach((each) => each.classList.toggle("active", each === row));
  }

  function mark(word) {
    const row = active || rows.find((each) => field(each).value && !ends(each)[0].value);
    if (!row) return;
    choose(row);
    const [first, last] = ends(row);
    const number = Number(word.dataset.word);
    const begins = !first.value || (last.value && last.value !== first.value) || number < Number(first.value);
    if (begins) first.value = number;
    last.value = number;
    paint();
  }

  function paint() {
    const spans = rows.map((row) => ends(row).map((input) => Number(input.value)));
    words.forEach((word) => {
      const number = Number(word.dataset.word);
      word.classList.toggle("on", spans.some(([first, last]) => first && number >= first && number <= (last || first)));
    });
  }

  rows.forEach((row) => row.addEventListener("focusin", () => choose(row)));
  rows.forEach((row) => row.addEventListener("input", () => { choose(row); paint(); }));
  form.addEventListener("click", (event) => {
    const word = event.target.closest(".word");
    if (word) mark(word);
  });
  form.addEventListener("keydown", (event) => {
    const word = event.target.closest(".word");
    if (!word || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    mark(word);
  });
  paint();
})();
