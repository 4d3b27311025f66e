// People work in a browser, one after the other; prints one line of figures.
//
//   node run.mjs PLAN.json [FOLDER FOR PICTURES]
//
// PLAN is what tests/tests/promises/people_work_in_a_browser.rs writes: where the browser and the console are, who works, on what.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Album } from "./album.mjs";
import { Browser } from "./browser.mjs";
import * as desk from "./desk.mjs";
import * as explain from "./explain.mjs";
import * as leases from "./leases.mjs";
import { prove } from "./noticing.mjs";
import { Person } from "./people.mjs";
import * as rollout from "./rollout.mjs";
import * as sample from "./sample.mjs";
import * as team from "./team.mjs";
import * as visits from "./visits.mjs";
import * as vulnerable from "./vulnerable.mjs";

const [planFile, folder] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8"));
const album = new Album(folder);
const browser = await Browser.start(plan.browser, plan.address);
const figures = {};

// A part of the day: what it gives, and how long it took.
const part = async (name, what) => {
  if (plan.only && !plan.only.includes(name)) return undefined;
  const began = performance.now();
  const found = await what();
  figures[name] = { ...found, seconds: Math.round((performance.now() - began) / 100) / 10 };
  return found;
};

const arrive = (name) => Person.arrive(browser, name, plan.people[name]);
const { truth } = plan;

try {
  await prove(browser);
  const [ann, bob, cem] = [await arrive("ann"), await arrive("bob"), await arrive("cem")];
  const [lea, olga, paul, ada, otto] = [
    await arrive("lea"),
    await arrive("olga"),
    await arrive("paul"),
    await arrive("ada"),
    await arrive("otto"),
  ];
  await part("desk", () => desk.decide(ann, { complaints: plan.complaints, truth, album }));
  await part("desk_changes", () => desk.change(ann, { album }));
  await part("leases", () => leases.share(ann, bob, { album }));
  await part("team", () => team.work(bob, { team: plan.team, other: plan.other_team, album }));
  await part("download", () => team.take_away(lea, { team: plan.team, narratives: Object.values(truth).map((one) => one.narrative) }));
  const opened = await part("vulnerable", () => vulnerable.judge(cem, { album }));
  if (opened) await part("evidence", () => vulnerable.see_nothing(bob, { ...opened, album }));
  if (opened) await part("explain", () => explain.see(bob, cem, { lead: lea, first: opened.first, album }));
  await part("sample", () => sample.judge_blind(lea, { auditor: ada, truth, album }));
  await part("sample_rest", async () => ({ judged: await sample.judge_all(lea, { truth }) }));
  await part("second", () => sample.read_again(bob, { truth, album }));
  await part("rollout", () => rollout.change(olga, paul, { candidate: plan.candidate, album }));
  await part("visits", () => visits.look_around({ ada, otto, lea }, { album }));
  assert.deepEqual(browser.faults, [], "a page is at fault");
  console.log(JSON.stringify({ ...figures, requests: browser.requests, pictures: album.kept, faults: 0 }));
} catch (error) {
  // What the browser has noticed says more than the step at which somebody was stuck.
  for (const fault of browser.faults) console.error(fault);
  console.error(JSON.stringify(figures));
  throw error;
} finally {
  await browser.stop();
}
