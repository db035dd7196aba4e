// scimmy behind Express, with users and groups in memory: `server.mjs TOKEN`. Prints its port.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const token = process.argv[2];

/** Keeps resources of one kind; no two have the same name. */
function kept(resource, name) {
  const all = new Map();
  const names = new Map();
  const named = (value) => String(value[name]).toLowerCase();
  const missing = (id) => new SCIMMY.Types.Error(404, null, `nobody has the id ${id}`);
  return SCIMMY.Resources.declare(resource)
    .ingress(async ({ id }, data) => {
      if (id && !all.has(id)) throw missing(id);
      const own = id ?? randomUUID();
      if ((names.get(named(data)) ?? own) !== own) {
        throw new SCIMMY.Types.Error(409, "uniqueness", `${data[name]} is taken`);
      }
      if (all.has(own)) names.delete(named(all.get(own)));
      names.set(named(data), own);
      const now = new Date();
      const created = all.get(own)?.meta?.created ?? now;
      const value = { ...JSON.parse(JSON.stringify(data)), id: own, meta: { created, lastModified: now } };
      all.set(own, value);
      return value;
    })
    .egress(async ({ id, filter }) => {
      if (id) {
        if (!all.has(id)) throw missing(id);
        return all.get(id);
      }
      return filter ? filter.match([...all.values()]) : [...all.values()];
    })
    .degress(async ({ id }) => {
      if (!all.has(id)) throw missing(id);
      names.delete(named(all.get(id)));
      all.delete(id);
    });
}

kept(SCIMMY.Resources.User, "userName").extend(SCIMMY.Schemas.EnterpriseUser, false);
kept(SCIMMY.Resources.Group, "displayName");
SCIMMY.Config.set({ patch: true, filter: { supported: true, maxResults: 1000 } });

const app = express();
const handler = (request) => {
  if (request.header("authorization") !== `Bearer ${token}`) throw new Error("another token is needed");
};
app.use("/v2", new SCIMMYRouters({ type: "bearer", handler }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
