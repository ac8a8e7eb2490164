// Loaded into wrangler with `node --import`: a parent that is killed cannot stop it, and workerd would live on.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
