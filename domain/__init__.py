"""Pure rules of NovaConnect: no database, no network, no clock of its own and no `await`."""
