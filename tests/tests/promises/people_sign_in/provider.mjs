// An OpenID provider with one client and two people, for tests: the library is npm's oidc-provider, and the pages that ask for a name and
// for consent are these few lines.
//
//   node provider.mjs FOLDER CONSOLE_URL
//
// FOLDER is what scripts/oidc prints. Prints `ready ISSUER` once it listens, on a port that the system chose. A line on stdin, `logout SUBJECT`, ends that person's session and the client is sent the logout token.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

// What the library has to say is no answer.
console.info = console.warn = console.error;
const [folder, console_] = process.argv.slice(2);
const { default: Provider } = await import(`${folder}/node_modules/oidc-provider/lib/index.js`);
const server = createServer();
await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
const issuer = `http://127.0.0.1:${server.address().port}`;
const people = {
  "u-17": { groups: ["/staff/cards", "tennis"] },
  "u-18": { groups: [] },
};
const provider = new Provider(issuer, {
  clients: [{
    client_id: "ombud",
    client_secret: "a-secret-of-the-test-alone",
    redirect_uris: [`${console_}/oidc/callback`],
    backchannel_logout_uri: `${console_}/oidc/back-channel`,
    backchannel_logout_session_required: true,
  }],
  claims: { openid: ["sub"], groups: ["groups"] },
  cookies: { keys: ["of the test alone"] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  // The client is on this machine.
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
const sessions = new Map();
provider.on("server_error", (_, error) => console.error(error));
provider.use(async (ctx, next) => {
  const found = /^\/interaction\/([\w-]+)$/.exec(ctx.path);
  if (!found) return next();
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === "login") {
    // Who asks says who they are: the test's browser sends it as a header.
    const login = { accountId: ctx.get("x-person") };
    return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
  }
  const grant = (grantId && (await provider.Grant.find(grantId))) || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  sessions.set(session.accountId, session.uid);
  return provider.interactionFinished(ctx.req, ctx.res, { consent }, { mergeWithLastSubmission: true });
});
server.on("request", provider.callback());
console.log(`ready ${issuer}`);

createInterface({ input: process.stdin }).on("line", async (line) => {
  const [, subject] = line.split(" ");
  const client = await provider.Client.find("ombud");
  const session = await provider.Session.findByUid(sessions.get(subject));
  try {
    await client.backchannelLogout(subject, session.sidFor("ombud"));
    console.log("ended");
  } catch (error) {
    console.log(`refused ${error.message}`);
  }
}).on("close", () => process.exit(0));
