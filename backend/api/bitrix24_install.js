// The installation page's only script: tells the portal that the installation is finished, over the
// portal's message protocol (`command:callbackKey:APP_SID`, to the portal's own origin).
const { portal, sid, finish } = JSON.parse(document.getElementById('boot').textContent);

function done() {
  window.parent.postMessage(`setInstallFinish:dozvon:${sid}`, portal);
}

if (finish === 'now') done();
document.getElementById('finish')?.addEventListener('click', done);
document.querySelector('form')?.addEventListener('submit', (event) => {
  const button = event.target.querySelector('button');
  button.disabled = true;
  button.textContent = button.dataset.busy;
});
