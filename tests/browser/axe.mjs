// Whether axe finds anything on a page, as it stands: in the light and in the dark, on a desk and on a phone; and whether the page
// has to be pushed sideways.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const HEIGHT = 800;
const WIDE = 1280;
const NARROW = 320;
export const SHORT = [["light", WIDE], ["dark", NARROW]];
export const LONG = [...SHORT, ["light", NARROW], ["dark", WIDE]];

export class Judge {
  constructor(program, variants) {
    const axe = createRequire(`${dirname(program)}/`).resolve("axe-core/axe.min.js");
    this.source = readFileSync(axe, "utf8");
    this.variants = variants;
    this.runs = 0;
    this.faults = new Map();
  }

  // Looks at the page of a person; `name` is what it is called in a fault.
  async look(page, name) {
    await page.evaluate(this.source);
    for (const [colorScheme, width] of this.variants) {
      await page.setViewportSize({ width, height: HEIGHT });
      // Without motion: a colour on its way is another one.
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { found, wider } = await page.evaluate(async (tags) => {
        // Two frames: what follows a change of size has followed.
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const { violations } = await window.axe.run(document, {
          runOnly: tags,
          rules: { "target-size": { enabled: true } },
          resultTypes: ["violations"],
        });
        const found = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
        return { found, wider: document.documentElement.scrollWidth - document.documentElement.clientWidth };
      }, TAGS);
      this.runs += 1;
      if (wider > 0) this.fault("wider than its window", name, [`${wider} px at ${width}`]);
      for (const { id, nodes } of found) this.fault(id, `${name}, ${colorScheme}, ${width}`, nodes);
    }
    await page.setViewportSize({ width: WIDE, height: HEIGHT });
    await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  }

  fault(id, name, nodes) {
    const known = this.faults.get(id) ?? { pages: [], nodes: nodes.slice(0, 4) };
    known.pages.push(name);
    this.faults.set(id, known);
  }

  // What was found, in lines.
  lines() {
    return [...this.faults].map(([id, { pages, nodes }]) => `${id}: ${pages.join("; ")}\n  ${nodes.join("\n  ")}`);
  }
}
