// The portals that this build knows, as origins: none, unless it was made for
// an organisation (scripts/pack -portals replaces this file and adds the same
// hosts to the manifest). They need no prompt and can be revoked.
globalThis.ScellePortals = Object.freeze([]);
