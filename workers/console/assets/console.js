// Keys, the event stream, the heartbeat of a lease, forms that change the page in place. Every page works without it.
"use strict";
(() => {
  const RENEW_MS = 30_000;
  const GO_MS = 1_500;
  const html = document.documentElement;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const word = (name) => one("#words")?.dataset[name] ?? "";
  const isSeen = (element) => element.getClientRects().length > 0;

  // ---- Keys ----

  const hasKeys = html.dataset.keys !== "off";
  const TYPED = "input:not([type=checkbox],[type=radio],[type=button],[type=submit],[type=reset]),textarea,select";
  const isTyping = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED));
  let goUntil = 0;

  const press = (element) => {
    if (element.matches(TYPED)) element.focus();
    else element.click();
  };
  const pressable = (name) =>
    all(`[data-${name}]`).filter((element) => isSeen(element) && !element.disabled && !element.closest("dialog"));
  const pressed = (name, key) => {
    const found = pressable(name).find((element) => element.dataset[name] === key);
    if (found) press(found);
    return Boolean(found);
  };

  const move = (by) => {
    const rows = all("main tr[data-row]").filter(isSeen);
    if (rows.length === 0) return false;
    const at = rows.indexOf(document.activeElement?.closest("tr[data-row]") ?? null);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
    next.tabIndex = -1;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };

  // What a button says, without the key that is printed on it.
  const label = (element) => {
    // What a field is called, not what it holds.
    const copy = (element.labels?.[0] ?? element).cloneNode(true);
    for (const key of all("kbd", copy)) key.remove();
    return element.getAttribute("aria-label") ?? copy.textContent.replace(/\s+/g, " ").trim();
  };

  const showSheet = () => {
    const sheet = one("#keys");
    if (!sheet || sheet.open) return;
    for (const old of all("dl > .found", sheet)) old.remove();
    const list = one("dl", sheet);
    const known = new Set();
    const add = (keys, text) => {
      if (known.has(keys.join(" "))) return;
      known.add(keys.join(" "));
      const line = document.createElement("div");
      const [term, meaning] = [document.createElement("dt"), document.createElement("dd")];
      line.className = "found";
      for (const key of keys) {
        const shown = document.createElement("kbd");
        shown.textContent = key;
        term.append(shown, " ");
      }
      meaning.textContent = text;
      line.append(term, meaning);
      list.append(line);
    };
    for (const element of pressable("key")) add([element.dataset.key], label(element));
    for (const element of all("[data-go]")) add(["g", element.dataset.go], label(element));
    sheet.showModal();
  };

  const goTo = (letter) => {
    // On a phone the links lie in a menu that is closed.
    const link = all("[data-go]").find((element) => element.dataset.go === letter);
    link?.click();
    return Boolean(link);
  };

  const answerKey = (key, target) => {
    if (goUntil > performance.now()) {
      goUntil = 0;
      return goTo(key);
    }
    switch (key) {
      case "?":
        showSheet();
        return true;
      case "/":
        one("#search")?.focus();
        return Boolean(one("#search"));
      case "g":
        goUntil = performance.now() + GO_MS;
        return true;
      case "Enter": {
        // A row that has the focus itself: a link or a button in it answers by itself.
        const link = target.matches?.("tr[data-row]") && one("a[href]", target);
        link && link.click();
        return Boolean(link);
      }
      default:
        return pressed("key", key) || (key === "j" && move(1)) || (key === "k" && move(-1));
    }
  };

  document.addEventListener("keydown", (event) => {
    const { target } = event;
    // Caps Lock is no other key.
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    // A key that is held down decides nothing twice; only moving goes on.
    if (!hasKeys || one("dialog[open]") || (event.repeat && key !== "j" && key !== "k")) return;
    if (answerKey(key, target)) event.preventDefault();
  });

  // ---- The lease of what is on the page ----

  let renewing = 0;
  let renewedAt = 0;
  let isLeavingByForm = false;

  const leased = (what) => one(`[data-${what}]`);
  const body = (element) => new URLSearchParams(element.dataset.lease ? { lease_id: element.dataset.lease } : {});

  const renew = async () => {
    const holder = leased("renew");
    if (!holder || document.hidden) return;
    renewedAt = performance.now();
    try {
      const answer = await fetch(holder.dataset.renew, { method: "POST", body: body(holder) });
      if (leased("renew") !== holder) return;
      // Where the former lease ran out, this is another.
      const lease = answer.headers.get("ombud-lease");
      if (answer.ok && lease) holder.dataset.lease = lease;
      if (answer.status !== 409) return;
    } catch {
      return; // The next one may come through; the lease lasts for many of them.
    }
    clearInterval(renewing);
    delete holder.dataset.renew;
    delete holder.dataset.release;
    const lost = one("#lost");
    if (!lost) return;
    lost.setAttribute("role", "alert");
    lost.hidden = false;
  };

  const release = () => {
    const holder = leased("release");
    if (!holder || isLeavingByForm) return;
    navigator.sendBeacon(holder.dataset.release, body(holder));
  };

  // ---- Events: which queues have changed ----

  // A stream that was refused (there are too many, or nobody is signed in) ends for good, unlike one that was cut. It is asked for
  // again after so long and up to twice that: not by all browsers at once, and not with each page.
  const REFUSED_MS = 60_000;
  let stream = null;
  let refusedUntil = 0;
  let asking = 0;
  let opened = new Map();

  const showNews = (data) => {
    for (const element of all("[data-live]")) {
      const team = element.dataset.live;
      // Whoever has nothing open is in no count.
      const open = data.teams?.[team]?.open ?? 0;
      if (typeof open !== "number") continue;
      const isFirst = !opened.has(team);
      if (isFirst) opened.set(team, element.dataset.open === undefined ? open : Number(element.dataset.open));
      const news = open - opened.get(team);
      const isChanged = !isFirst && Array.isArray(data.changed) && data.changed.includes(team);
      if (news <= 0 && !isChanged && !element.firstElementChild) continue;
      const text = news > 0 ? word("new").replace("#", String(news)) : word("changed");
      if (element.textContent === text) continue;
      const link = document.createElement("a");
      link.className = "badge plain";
      link.href = location.pathname + location.search;
      link.textContent = text;
      element.replaceChildren(link);
    }
  };

  const listen = () => {
    const isWanted = !document.hidden && one("[data-live]");
    if (!isWanted) {
      stream?.close();
      stream = null;
    } else if (!stream && performance.now() >= refusedUntil) {
      const source = new EventSource("/events");
      stream = source;
      source.addEventListener("queues", (event) => {
        try {
          showNews(JSON.parse(event.data));
        } catch {
          // What can't be read says nothing.
        }
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED || stream !== source) return;
        stream = null;
        const wait = REFUSED_MS * (1 + Math.random());
        refusedUntil = performance.now() + wait;
        clearTimeout(asking);
        asking = setTimeout(listen, wait + 1_000);
      });
    }
  };

  // ---- Forms that change the page in place ----

  let shown = location.pathname + location.search;
  // By attribute: a field that is called `method` would hide the property.
  const methodOf = (form, submitter) =>
    (submitter?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get").toLowerCase();

  const fail = (form) => {
    one(".problem.failed", form)?.remove();
    const text = document.createElement("p");
    text.className = "problem failed";
    text.setAttribute("role", "alert");
    text.textContent = word("failed");
    form.prepend(text);
  };

  const swap = async (form, submitter) => {
    const isGet = methodOf(form, submitter) === "get";
    const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    const url = new URL(action || location.href, location.href);
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form, submitter)) {
      if (typeof value === "string") fields.append(name, value);
    }
    if (isGet) url.search = fields.toString();
    const answer = await fetch(url, isGet ? {} : { method: "POST", body: fields });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = one("main", page);
    // The sign-in, or a refusal without a frame: as a page of its own.
    if (!main || !one(".shell", page)) {
      if (answer.redirected || isGet) return location.assign(answer.url);
      if (!main) throw new Error("no page");
    }
    one("main").replaceWith(document.adoptNode(main));
    document.title = page.title;
    // An answer that no redirect led to has no address that could be loaded again.
    if (answer.redirected || isGet) {
      const { pathname, search } = new URL(answer.url);
      if (pathname + search !== shown) history.pushState(null, "", pathname + search);
      shown = pathname + search;
    }
    begin();
    const heading = one("h1", main) ?? main;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    scrollTo(0, 0);
  };

  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    const method = methodOf(form, submitter);
    if (event.defaultPrevented || method === "dialog") return;
    // What is on its way is not sent again.
    if (form.dataset.busy) return event.preventDefault();
    if (method === "post") form.dataset.busy = "yes";
    if (form.closest("main")) isLeavingByForm = true;
    if (!form.hasAttribute("data-swap")) return;
    event.preventDefault();
    try {
      await swap(form, submitter);
    } catch {
      fail(form);
    } finally {
      delete form.dataset.busy;
      isLeavingByForm = false;
    }
  });

  // ---- The page comes and goes ----

  // What scrolls by itself can be reached by the keyboard.
  const reach = () => {
    for (const element of all("main :is(table, pre, .chart, .wide)")) {
      if (element.scrollWidth > element.clientWidth && getComputedStyle(element).overflowX === "auto") element.tabIndex = 0;
    }
  };

  // After loading, and after the main part was replaced.
  const begin = () => {
    opened = new Map();
    clearInterval(renewing);
    renewedAt = performance.now();
    if (leased("renew")) renewing = setInterval(renew, RENEW_MS);
    for (const element of all("[data-live]")) element.setAttribute("aria-live", "polite");
    reach();
    listen();
  };

  addEventListener("resize", reach);
  document.addEventListener("visibilitychange", () => {
    listen();
    if (!document.hidden && performance.now() - renewedAt >= RENEW_MS) renew();
  });
  addEventListener("pagehide", () => {
    release();
    stream?.close();
    stream = null;
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    // From the browser's memory: the lease was given back, and the page may be old.
    if (leased("release")) return location.reload();
    isLeavingByForm = false;
    for (const form of all("form[data-busy]")) delete form.dataset.busy;
    listen();
  });
  addEventListener("popstate", () => {
    if (location.pathname + location.search !== shown) location.reload();
  });

  const opener = one("#show-keys");
  if (opener && hasKeys) {
    opener.hidden = false;
    opener.addEventListener("click", showSheet);
  }
  begin();
})();
