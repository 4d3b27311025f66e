// A blind audit: until a judge has answered, nothing that they are sent knows what the models said.

import assert from "node:assert/strict";

const idOf = (page) => decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1));

// All that the console sends to a person from now on: pages, answers, addresses.
const listen = (person) => {
  const sent = [];
  const take = async (answer) => {
    sent.push(answer.url(), answer.headers().location ?? "");
    sent.push(await answer.text().catch(() => ""));
  };
  person.window.on("response", take);
  return { sent, stop: () => person.window.off("response", take) };
};

// What the event stream says within a second, as the browser gets it.
const events = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const stream = new EventSource("/events");
        const heard = [];
        stream.addEventListener("queues", (event) => heard.push(event.data));
        setTimeout(() => {
          stream.close();
          done(heard);
        }, 1_000);
      }),
  );

// The page of a question without what differs between two complaints by themselves: the id, the text and its hash.
const question = async (judge, id) => {
  const page = await judge.open(`/sample/${encodeURIComponent(id)}`);
  const narrative = await page.locator(".narrative").textContent();
  const hash = await page.locator('input[name="text"]').inputValue();
  await page.locator(".narrative").evaluate((element) => element.replaceChildren());
  const html = await page.evaluate(() => document.documentElement.outerHTML);
  return { narrative, text: html.replaceAll(hash, "HASH").replaceAll(id, "ID").replaceAll(encodeURIComponent(id), "ID") };
};

// What was decided, as the auditor's API says it: who, by which version, how sure.
const decided = async (auditor, id) => {
  const answer = await auditor.ask(`/api/cases/${encodeURIComponent(id)}`);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
};

// Nothing that a judge can open of a complaint says what was decided.
const know_nothing = async (judge, { complaint_id: id, item, timeline }) => {
  const secrets = [item.product, item.issue, ...timeline.flatMap((entry) => [entry.model_version, entry.confidence])].filter(Boolean);
  const path = encodeURIComponent(id);
  const row = (text) => JSON.stringify(JSON.parse(text).items.find((one) => one.complaint_id === id) ?? null);
  const texts = [
    (await judge.ask(`/api/cases/${path}`)).text,
    row((await judge.ask(`/api/queues/${item.team}?limit=200`)).text),
    row((await judge.ask(`/api/search?q=${path}`)).text),
    await (await judge.open(`/complaints/${path}`)).locator("main").innerHTML(),
    await (await judge.open(`/teams/${item.team}`)).locator("tr", { hasText: id }).allInnerTexts(),
    await (await judge.open(`/complaints?q=${path}`)).locator("main").innerHTML(),
  ];
  for (const [at, text] of texts.entries()) {
    for (const secret of secrets) assert(!String(text).includes(String(secret)), `${secret} is in answer ${at} on ${id}`);
  }
  // The desk leads to where it is judged.
  await judge.open(`/desk/${path}`);
  assert.match(judge.page.url(), /\/sample\//);
};

const answer = async (judge, { product, issue, vulnerable }) => {
  const { page } = judge;
  const chosen = page.locator(`input[name="product"][value="${product}"]`);
  // Few labels are buttons; of more one types a part of the name.
  if (await chosen.count()) {
    await chosen.focus();
    await judge.press("Space");
  } else {
    await page.locator("#answer-product").fill(product);
  }
  await page.locator("#answer-issue").fill(issue);
  await page.locator(`input[name="vulnerable"][value="${vulnerable ? "yes" : "no"}"]`).focus();
  await judge.press("Space");
  await page.locator("main h2").first().click();
  await judge.press("a");
  await page.waitForURL(/done=sample-given/);
};

export const judge_blind = async (judge, { auditor, truth, album }) => {
  const { page } = judge;
  const heard = listen(judge);
  await page.goto("/");
  await judge.press("g", "s");
  await page.waitForURL("**/sample");
  await album.keep(page, "sample-list");
  const waiting = await page.evaluate(() =>
    [...document.querySelectorAll("main tr[data-row]")].map((row) => ({
      id: row.querySelector("a").textContent.trim(),
      cells: row.children.length,
    })),
  );
  assert(waiting.length >= 3, `${waiting.length} of the sample wait`);
  assert(waiting.every(({ cells }) => cells === 2), "a row has an id and a day, and nothing else");
  const stream = await events(page);

  // Two questions differ in what the customers wrote, and in nothing else.
  const [one, other] = waiting;
  const [first, second] = [await question(judge, one.id), await question(judge, other.id)];
  assert.equal(first.text, second.text, "the source of a page depends on what was decided");
  const cases = await Promise.all([decided(auditor, one.id), decided(auditor, other.id)]);

  // Neither do the other pages of the judge, and the API.
  for (const found of cases) await know_nothing(judge, found);

  await judge.open("/sample");
  await judge.go("n", /\/sample\/.+/);
  const id = idOf(page);
  await album.keep(page, "sample-question");
  heard.stop();
  const secrets = (await decided(auditor, id)).timeline.flatMap((entry) => [entry.model_version]).filter(Boolean);
  assert(secrets.length > 0, "the auditor sees who decided");
  const everything = [...heard.sent, ...stream].join("\n");
  for (const secret of secrets) assert(!everything.includes(secret), "what decided is in something that the judge was sent");

  await answer(judge, truth[id]);
  const compared = await page.locator("main table").first().textContent();
  assert.match(compared, /Product/);
  assert.match(compared, /same|different/);
  await album.keep(page, "sample-compared");
  return { waiting: waiting.length, first: id };
};

// Answers all that wait, so that there is something for a second reader; gives how many.
export const judge_all = async (judge, { truth }) => {
  const { page } = judge;
  let judged = 0;
  for (;;) {
    await page.goto("/sample?go=next");
    if (new URL(page.url()).pathname === "/sample") return judged;
    await answer(judge, truth[idOf(page)]);
    judged += 1;
  }
};

// A second reader is as blind as the first, and sees afterwards what both said.
export const read_again = async (second, { truth, album }) => {
  const { page } = second;
  await page.goto("/sample?read=second");
  await album.keep(page, "sample-second");
  await second.go("n", /\/sample\/.+/);
  const id = idOf(page);
  await answer(second, truth[id]);
  const compared = await page.locator("main table").first().textContent();
  await album.keep(page, "sample-second-compared");
  await page.goto("/sample");
  const agreement = await page.locator("#agreement").locator("xpath=..").textContent();
  assert.match(agreement, /Cohen/);
  await album.keep(page, "sample-agreement");
  return { second: id, compared: compared.length };
};
