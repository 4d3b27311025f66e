// Pictures of a page as it stands: on a desk, on a phone, and in the dark. Nothing is loaded again for them.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };

export class Album {
  // Without a folder it keeps nothing.
  constructor(folder) {
    this.folder = folder;
    this.kept = 0;
    if (folder) mkdirSync(folder, { recursive: true });
  }

  async keep(page, name) {
    if (!this.folder) return;
    const picture = (variant) => {
      this.kept += 1;
      return page.screenshot({ path: join(this.folder, `${name}-${variant}.png`), fullPage: true, animations: "disabled" });
    };
    await page.setViewportSize(WIDE);
    await picture("1280");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture("dark");
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(NARROW);
    await picture("360");
    await page.setViewportSize(WIDE);
  }
}
