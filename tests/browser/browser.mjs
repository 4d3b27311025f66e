// A browser that trusts nothing: of every page that it opens it keeps errors, violations of the content security policy, requests
// to other hosts, and answers without the headers that every page has.

import { createRequire } from "node:module";
import { dirname } from "node:path";

// A heavy page on a busy machine.
const PAGE_TIMEOUT_MS = 20_000;
const DESKTOP = { width: 1280, height: 800 };

// In the page, before any script of its own: what breaks the policy is said on its console.
const sayViolations = () => {
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
};

// In the page: the times from a key to the moment when another complaint could be read, in milliseconds.
const timeKeys = () => {
  window.readableAfter = [];
  let pressedAt = 0;
  let shown = "";
  addEventListener("keydown", () => (pressedAt = performance.now()), true);
  new MutationObserver(() => {
    const narrative = document.querySelector("main[data-renew] .narrative");
    const now = document.querySelector("main[data-renew]")?.dataset.renew ?? "";
    if (!narrative || now === shown) return;
    const [isFirst, since] = [shown === "", pressedAt];
    shown = now;
    // Two frames: the first lays it out, and when the second begins it was painted.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (!isFirst) window.readableAfter.push(performance.now() - since);
      }),
    );
  }).observe(document, { childList: true, subtree: true });
};

export class Browser {
  // `program` is what scripts/browser prints; `address` is where the console is.
  static async start(program, address) {
    const home = dirname(program);
    const { chromium } = createRequire(`${home}/`)("playwright-core");
    const chrome = await chromium.launch({
      executablePath: `${home}/chromium`,
      env: { ...process.env, LD_LIBRARY_PATH: `${home}/lib` },
      args: ["--no-sandbox", "--no-zygote", "--disable-gpu"],
    });
    return new Browser(chrome, address);
  }

  constructor(chrome, address) {
    this.chrome = chrome;
    this.address = address;
    this.faults = [];
    // Refusals that a script of a person expects at this moment.
    this.expected = new Set();
    this.requests = 0;
  }

  // A window of somebody's own: no cookie of another.
  async window(who, options = {}) {
    const context = await this.chrome.newContext({ baseURL: this.address, viewport: DESKTOP, ...options });
    context.setDefaultTimeout(PAGE_TIMEOUT_MS);
    await context.addInitScript(sayViolations);
    await context.addInitScript(timeKeys);
    const fault = (text) => this.faults.push(`${who}: ${text}`);
    context.on("request", (request) => {
      this.requests += 1;
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== this.address) fault(`asks another host: ${url}`);
    });
    context.on("response", (answer) => this.check(answer, fault));
    context.on("weberror", (error) => fault(`page error: ${error.error()}`));
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      // Of refusals the answers themselves are judged: this comes some time after them.
      if (/the server responded with a status of \d+/.test(message.text())) return;
      fault(`console: ${message.text()} at ${message.location().url}`);
    });
    return context;
  }

  check(answer, fault) {
    const [status, headers] = [answer.status(), answer.headers()];
    if (status >= 400 && !this.expected.has(status)) fault(`${answer.url()} is answered with ${status}`);
    // A report is a file.
    if (!answer.url().startsWith("http") || !(headers["content-type"] ?? "").startsWith("text/html")) return;
    const policy = headers["content-security-policy"] ?? "";
    const isStrict = policy.includes("default-src 'self'") && !policy.includes("unsafe-");
    if (!isStrict) fault(`${answer.url()} has the policy "${policy}"`);
    if (!(headers["cache-control"] ?? "").includes("no-store")) fault(`${answer.url()} may be stored`);
  }

  // Does `what`, in which answers with `status` are right.
  async expecting(status, what) {
    const isAlways = this.expected.has(status);
    this.expected.add(status);
    try {
      return await what();
    } finally {
      if (!isAlways) this.expected.delete(status);
    }
  }

  async stop() {
    await this.chrome.close();
  }
}
