// The people and threads of the mock suite: two tenants, one of them in the middle of an incident.

import type { MockWardroom } from '../../clients/typescript/test/mock-wardroom.ts';

export function fillDemo({ store }: MockWardroom): void {
  const ana = store.addPerson('acme', 'ana', 'analyst', 'Ana Lyst');
  const mel = store.addPerson('acme', 'mel', 'member', 'Mel Osei');
  const bo = store.addPerson('acme', 'bo', 'member', 'Bo Lindqvist');
  store.addPerson('acme', 'ada', 'admin', 'Ada Min');
  store.addPerson('acme', 'aud', 'auditor', 'Audrey Tor');
  store.addPerson('platform', 'opal', 'operator', 'Opal Rator');
  const gil = store.addPerson('globex', 'gil', 'analyst', 'Gil Bex');
  store.addPerson('globex', 'gus', 'member', 'Gus Weber');
  store.addPerson('globex', 'gia', 'member', 'Gia Rossi');

  const beacon = store.addThread(mel, 'Beacon to 203.0.113.7 from LAB-7, outside of working hours', {
    severity: 'critical',
    tlp: 'amber_strict',
    waiting_on: 'client',
  });
  const talk: [typeof mel, string][] = [
    [ana, 'EDR shows rundll32 with no arguments calling out every 60 s. Is anybody working on LAB-7 right now?'],
    [mel, 'Nobody should be. The lab is locked until Monday.'],
    [ana, 'Please isolate it from the network, but leave it powered on: we want memory first.'],
    [mel, 'Isolated at the switch. Port 14, VLAN 230.\nPower is on.'],
  ];
  for (let round = 0; round < 30; round += 1) {
    for (const [who, body] of talk) store.append(beacon, who, round < 29 ? `${body} (${round + 1})` : body);
  }
  store.append(beacon, ana, 'Ana Lyst changed severity to critical.', { kind: 'system' });
  store.append(beacon, ana, 'Ana Lyst changed waiting on to client.', { kind: 'system' });
  store.append(beacon, ana, 'Memory image is running. SHA-256 follows in this thread.');
  beacon.reads.set(mel.id, beacon.last_seq - 3);

  store.addThread(bo, 'Phishing wave: “invoice overdue”, 14 recipients', { severity: 'high', tlp: 'green', waiting_on: 'soc' });
  store.addThread(mel, 'Password spray against VPN', { severity: 'medium', tlp: 'amber' });
  store.addThread(mel, 'New admin account on DC-2 without a change ticket', { severity: 'low', tlp: 'red' });
  store.addThread(mel, 'Quarterly review of exceptions', { severity: 'informational', tlp: 'clear', status: 'closed' });
  store.addThread(gil, 'Globex only: badge reader offline', { severity: 'low', tlp: 'amber' });
}
