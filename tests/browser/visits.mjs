// Pages that are looked at: what each role sees beside its work.

const visit = async (person, pages, album) => {
  for (const [name, path] of Object.entries(pages)) {
    await person.open(path);
    await album.keep(person.page, name);
  }
  return Object.keys(pages).length;
};

export const look_around = async ({ ada, otto, lea }, { album }) => {
  let pages = 0;
  pages += await visit(ada, { trail: "/trail", "auditor-teams": "/teams", "auditor-quality": "/quality" }, album);
  pages += await visit(otto, { health: "/health" }, album);
  pages += await visit(lea, { quality: "/quality", radar: "/radar", settings: "/settings" }, album);
  return { pages };
};
