// A real provider of OpenID Connect on a free port of this machine. Its argument is the redirect URI of the hub; it prints its
// issuer and goes on until its input ends. People log in with any name in its own pages.
import http from 'node:http';
import Provider from 'oidc-provider';

// What the provider remarks about its settings is not for whoever reads the issuer.
console.info = console.warn = console.error;

const [redirect] = process.argv.slice(2);
const people = {
  ann: { name: 'Ann Lee', given_name: 'Ann', family_name: 'Lee', email: 'ann@acme.example', email_verified: true, groups: ['g1'] },
  mallory: { name: 'Mallory', email: 'ann@acme.example', email_verified: false },
};

const server = http.createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'hub', client_secret: 'a secret with a space & more', redirect_uris: [redirect] }],
    claims: { profile: ['name', 'given_name', 'family_name', 'groups'], email: ['email', 'email_verified'] },
    cookies: { keys: ['only for tests'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.on('end', () => process.exit(0)).resume();
