// A ping tree is edited by buttons. With this, a contract's card may be dragged to another tier, too.
(function () {
  "use strict";
  const tree = document.querySelector("[data-tree]");
  if (!tree) return;
  let held = null;
  tree.querySelectorAll("[data-contract]").forEach((card) => {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => { held = card; event.dataTransfer.setData("text/plain", card.dataset.contract); event.dataTransfer.effectAllowed = "move"; });
    card.addEventListener("dragend", () => { held = null; });
  });
  tree.querySelectorAll("[data-tier]").forEach((tier) => {
    if (!tier.dataset.tier) return;
    tier.addEventListener("dragover", (event) => { if (held) { event.preventDefault(); tier.classList.add("over"); } });
    tier.addEventListener("dragleave", () => tier.classList.remove("over"));
    tier.addEventListener("drop", (event) => {
      event.preventDefault();
      tier.classList.remove("over");
      if (!held || tier.contains(held)) return;
      const form = document.createElement("form");
      form.method = "post";
      form.action = tree.dataset.tree;
      Object.entries({ csrf: tree.dataset.csrf, contract: held.dataset.contract, tier: tier.dataset.tier }).forEach(([name, value]) => {
        const input = document.createElement("input");
        input.type = "hidden"; input.name = name; input.value = value;
        form.append(input);
      });
      document.body.append(form);
      form.submit();
    });
  });
})();
