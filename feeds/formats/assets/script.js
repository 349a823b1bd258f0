(function () {
  "use strict";
  var box = document.getElementById("search");
  // What was found already is not all that there is: the next search is another page.
  if (box && !box.defaultValue) {
    var items = Array.prototype.slice.call(document.querySelectorAll(".directory > li"));
    var told = document.getElementById("found");
    var filter = function () {
      var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      items.forEach(function (item) {
        var text = item.textContent.toLowerCase();
        item.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
        shown += item.hidden ? 0 : 1;
      });
      document.querySelectorAll("section[data-list]").forEach(function (section) {
        section.hidden = !section.querySelector("li:not([hidden])");
      });
      told.textContent = words.length ? shown + " of " + items.length : "";
    };
    box.form.hidden = false;
    box.value = new URLSearchParams(location.search).get("q") || "";
    box.addEventListener("input", filter);
    box.form.addEventListener("submit", function (event) { event.preventDefault(); });
    filter();
  }
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var field = document.getElementById(button.getAttribute("data-copy"));
      var done = function () {
        button.textContent = "Copied";
        setTimeout(function () { button.textContent = "Copy"; }, 2000);
      };
      field.select();
      if (navigator.clipboard) { navigator.clipboard.writeText(field.value).then(done, function () {}); }
      else if (document.execCommand("copy")) { done(); }
    });
  });
})();
