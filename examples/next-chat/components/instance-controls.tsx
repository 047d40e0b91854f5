/** What can be done to the servers of the demo, where it has several. */
export function InstanceControls({
  runningOn,
}: {
  /** The server that runs the task; `undefined` while none does. */
  runningOn: string | undefined;
}) {
  return (
    <>
      <button
        type="button"
        className="danger"
        disabled={runningOn === undefined}
        onClick={() => runningOn && ask(`pull-the-plug?instance=${runningOn}`)}
      >
        Pull the plug
      </button>
      <button type="button" onClick={() => ask('deploy')}>
        Deploy
      </button>
    </>
  );
}

/** Asks the demo itself, and not one of its servers. */
function ask(what: string): void {
  fetch(`/demo/${what}`, { method: 'POST', headers: { 'x-demo-control': '1' } }).catch(() => {
    // The page shows by the task what has become of the server.
  });
}
