// The vendor's library under Node, as a server of an application uses it. Prints one JSON line.
import { B24Hook, B24OAuth } from '@bitrix24/b24jssdk';

const order = JSON.parse(process.env.ORDER);
// Waits between tries are the library's; here they are short.
const restrictionParams = { ...order.limits, maxRetries: 3, retryDelay: 20 };
const told = {};

const app = new B24OAuth(order.launch, order.secret, { restrictionParams });
app.offClientSideWarning();
app.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
  told.refreshed = [...(told.refreshed ?? []), b24OAuthParams.refreshToken];
});

async function control(path, method, body) {
  const answer = await fetch(`${order.control}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
}

async function failing(act) {
  try {
    const result = await act();
    return { ok: result.isSuccess, errors: result.getErrorMessages() };
  } catch (error) {
    return { code: error.code, status: error.status, name: error.name };
  }
}

const steps = {
  async profile() {
    await app.initIsAdmin();
    const me = await app.actions.v2.call.make({ method: 'profile' });
    return { id: me.getData().result.ID, admin: app.auth.isAdmin };
  },
  async list() {
    const whole = await app.actions.v2.callList.make({
      method: 'crm.contact.list',
      params: { select: ['ID', 'NAME'] },
    });
    const rows = whole.getData();
    return { rows: rows.length, ids: new Set(rows.map((row) => row.ID)).size };
  },
  async fetch() {
    let pages = 0;
    const ids = new Set();
    for await (const page of app.actions.v2.fetchList.make({
      method: 'crm.contact.list',
      params: { select: ['ID'] },
      idKey: 'ID',
    })) {
      pages += 1;
      for (const row of page) ids.add(row.ID);
    }
    return { pages, ids: ids.size };
  },
  async items() {
    const found = await app.actions.v2.callList.make({
      method: 'crm.item.list',
      params: { entityTypeId: 3, select: ['id'] },
      idKey: 'id',
      customKeyForResult: 'items',
    });
    return found.getData().length;
  },
  async batch() {
    const found = await app.actions.v2.batch.make({
      calls: {
        deal: { method: 'crm.deal.get', params: { id: 1 } },
        contact: { method: 'crm.contact.get', params: { id: '$result[deal][CONTACT_ID]' } },
      },
      options: { isHaltOnError: true },
    });
    const { deal, contact } = found.getData();
    return { deal: deal.ID, same: deal.CONTACT_ID === contact.ID };
  },
  async chunks() {
    const calls = Array.from({ length: 120 }, (_, at) => ({
      method: 'crm.lead.add',
      params: { fields: { TITLE: `№${at}` } },
    }));
    const made = await app.actions.v2.batchByChunk.make({ calls, options: { isHaltOnError: true } });
    return new Set(made.getData()).size;
  },
  async expired() {
    await control('/tokens', 'DELETE');
    const me = await app.actions.v2.call.make({ method: 'user.current' });
    return me.getData().result.ID;
  },
  async unavailable() {
    await control('/faults', 'POST', { burst_503: 1 });
    const me = await app.actions.v2.call.make({ method: 'profile' });
    await control('/faults', 'DELETE');
    return me.getData().result.ID;
  },
  refused: () => failing(() => app.actions.v2.call.make({ method: 'crm.contact.get', params: { id: 999999 } })),
  unknown: () => failing(() => app.actions.v2.call.make({ method: 'crm.nothing.like.it' })),
  async hook() {
    const hook = B24Hook.fromWebhookUrl(order.webhook, { restrictionParams });
    hook.offClientSideWarning();
    const total = await hook.actions.v2.call.make({ method: 'crm.contact.list', params: { select: ['ID'] } });
    return { total: total.getTotal(), more: total.isMore() };
  },
  async revoked() {
    await control('/tokens?revoke=all', 'DELETE');
    return failing(() => app.actions.v2.call.make({ method: 'user.current' }));
  },
};

for (const name of order.steps) told[name] = await steps[name]();
process.stdout.write(`${JSON.stringify(told)}\n`);
process.exit(0);
