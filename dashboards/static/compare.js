// Two reporters side by side: two selects, the pair stands in the address (compare.html#a=411721&b=411729), so a link works.
// Texts come from the data block of the page and only ever become text.
(function () {
  "use strict";
  var block = document.getElementById("compare-data");
  var pick = document.getElementById("pick");
  var side = document.getElementById("side");
  if (!block || !pick || !side) { return; }
  var data = JSON.parse(block.textContent);
  var selects = { a: pick.querySelector("[name=a]"), b: pick.querySelector("[name=b]") };
  var byId = {};
  data.reporters.forEach(function (row) { byId[row.id] = row; });

  function el(tag, text, name) {
    var made = document.createElement(tag);
    if (text !== undefined && text !== null) { made.textContent = text; }
    if (name) { made.className = name; }
    return made;
  }

  function link(text, href) {
    if (!href) { return document.createTextNode(text); }
    var a = el("a", text);
    a.setAttribute("href", href);
    return a;
  }

  function cell(row, content, name, label) {
    var td = el("td", null, name);
    td.dataset.label = label || "";
    if (typeof content === "string") { td.textContent = content; } else if (content) { td.appendChild(content); }
    row.appendChild(td);
    return td;
  }

  function table(name, heads) {
    var made = el("table", null, "list tight cards flow " + name);
    var head = made.createTHead().insertRow();
    heads.forEach(function (text, i) { head.appendChild(el("th", text, i ? "n" : "")); });
    made.appendChild(document.createElement("tbody"));
    return made;
  }

  function number(x) { return x === null || x === undefined ? "\u2014" : x.toFixed(2); }
  function signed(x) { return x > 0 ? "+" + x.toFixed(2) : x < 0 ? "\u2212" + Math.abs(x).toFixed(2) : "\u6301\u5e73"; }

  // A difference as a word of who is ahead and a signed number; shape and word, never colour alone.
  function lead(a, b, names) {
    if (a === null || b === null || a === undefined || b === undefined) { return { text: "\u2014", name: "n muted" }; }
    var delta = Math.round((a - b) * 100) / 100;
    if (!delta) { return { text: "持平", name: "n muted" }; }
    return { text: (delta > 0 ? "\u25C0 " + names[0] : names[1] + " \u25B6") + " " + Math.abs(delta).toFixed(2), name: "n " + (delta > 0 ? "to-a" : "to-b") };
  }

  function show() {
    var a = byId[selects.a.value];
    var b = byId[selects.b.value];
    side.textContent = "";
    if (!a || !b) { return; }
    var names = [a.name, b.name];

    var facts = table("facing", ["项目", names[0], names[1]]);
    var head = facts.tHead.rows[0].cells;
    [a, b].forEach(function (row, i) { head[i + 1].textContent = ""; head[i + 1].appendChild(link(row.name, row.href)); });
    data.facts.forEach(function (word, i) {
      var row = facts.tBodies[0].insertRow();
      cell(row, word, "title");
      cell(row, a.facts[i], "n", names[0]);
      cell(row, b.facts[i], "n", names[1]);
    });
    side.appendChild(facts);
    [a, b].forEach(function (row) {
      if (row.reason) { side.appendChild(el("p", row.name + "：" + row.reason, "note")); }
      if (row.causes) { side.appendChild(el("p", row.name + "变动的主要原因：" + row.causes + "。", "note")); }
    });

    var ahead = [0, 0];
    var specials = table("facing", ["专项", names[0], names[1], "领先"]);
    data.specials.forEach(function (special, i) {
      var x = a.specials[i];
      var y = b.specials[i];
      if (x === null && y === null) { return; }
      if (x !== null && y !== null && x !== y) { ahead[x > y ? 0 : 1] += 1; }
      var row = specials.tBodies[0].insertRow();
      cell(row, link(special[0], special[1]), "title");
      cell(row, number(x), "n", names[0]);
      cell(row, number(y), "n", names[1]);
      var who = lead(x, y, names);
      cell(row, who.text, who.name, "领先");
    });
    side.appendChild(el("h2", "专项：" + names[0] + "领先 " + ahead[0] + " 个，" + names[1] + "领先 " + ahead[1] + " 个"));
    side.appendChild(specials);

    if (!data.indicators.length) {
      side.appendChild(el("p", "填报主体过多，指标数值见各主体页面。", "note"));
      return;
    }
    ahead = [0, 0];
    var indicators = table("facing with-unit", ["指标", "单位", names[0], names[1], "得分领先"]);
    data.indicators.forEach(function (item, i) {
      var x = a.values[i];
      var y = b.values[i];
      if (!x.length && !y.length) { return; }
      var row = indicators.tBodies[0].insertRow();
      cell(row, link(item[0], item[1]), "title");
      cell(row, item[2] + (item[3] === "lower" ? " \u2193" : " \u2191"), "n muted", "单位");
      cell(row, x[0] || "\u2014", "n", names[0]);
      cell(row, y[0] || "\u2014", "n", names[1]);
      var left = x.length ? x[1] : null;
      var right = y.length ? y[1] : null;
      if (left !== null && right !== null && left !== right) { ahead[left > right ? 0 : 1] += 1; }
      var who = lead(left, right, names);
      cell(row, who.text, who.name, "得分领先");
    });
    side.appendChild(el("h2", "指标：" + names[0] + "得分领先 " + ahead[0] + " 项，" + names[1] + "得分领先 " + ahead[1] + " 项"));
    side.appendChild(indicators);
  }

  function asked() {
    var found = {};
    window.location.hash.slice(1).split("&").forEach(function (part) {
      var at = part.indexOf("=");
      var key = part.slice(0, at);
      try { found[key] = decodeURIComponent(part.slice(at + 1)); } catch (error) { found[key] = ""; }
    });
    return found;
  }

  function fromAddress() {
    var wanted = asked();
    var known = data.reporters;
    selects.a.value = byId[wanted.a] ? wanted.a : known[0].id;
    selects.b.value = byId[wanted.b] ? wanted.b : known[known.length - 1].id;
    show();
  }

  function toAddress() {
    var hash = "#a=" + encodeURIComponent(selects.a.value) + "&b=" + encodeURIComponent(selects.b.value);
    try { window.history.replaceState(null, "", hash); } catch (error) { window.location.hash = hash; }
    show();
  }

  [selects.a, selects.b].forEach(function (select) {
    data.reporters.forEach(function (row) {
      var option = el("option", row.name);
      option.value = row.id;
      select.appendChild(option);
    });
    select.addEventListener("change", toAddress);
  });
  pick.querySelector("[name=swap]").addEventListener("click", function () {
    var kept = selects.a.value;
    selects.a.value = selects.b.value;
    selects.b.value = kept;
    toAddress();
  });
  window.addEventListener("hashchange", fromAddress);
  pick.hidden = false;
  fromAddress();
})();
