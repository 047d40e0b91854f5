# For `workerd serve`, the runtime of Cloudflare Workers.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .reportWorker)],
  sockets = [(name = "http", address = "127.0.0.1:3000", http = (), service = "main")],
);

const reportWorker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "dist/worker.js")],
  compatibilityDate = "2026-06-01",
);
