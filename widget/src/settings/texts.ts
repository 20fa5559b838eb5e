import type { Locale, Text } from '../i18n';
import { en } from './en';
import { ru, type SettingsKey } from './ru';

export type { SettingsKey } from './ru';

export const SETTINGS_TEXTS: Readonly<Record<Locale, Readonly<Record<SettingsKey, Text>>>> = { ru, en };

/** Fields of everything that is kept, as forms call them. */
export const FIELD_TEXTS: Readonly<Record<string, SettingsKey>> = {
  name: 'item.name',
  email: 'person.email',
  position: 'person.position',
  department: 'person.department',
  active: 'field.active',
  role: 'person.role',
  role_by_hand: 'person.role_by_hand',
  extension: 'person.extension',
  calls_enabled: 'person.calls_enabled',
  caller_id: 'person.caller_id',
  caller_id_choice: 'person.caller_id_choice',
  workday_import: 'person.workday_import',
  workday_write: 'person.workday_write',
  device: 'person.device',
  numbers: 'person.numbers',
  members: 'groups.members',
  heads: 'teams.heads',
  steps: 'field.steps',
  final: 'field.final',
  scenario: 'vnumbers.scenario',
  crm_line: 'vnumbers.crm_line',
  label: 'field.label',
  on: 'crm.on',
  callback_form: 'crm.callback_form',
  call_tracking: 'crm.call_tracking',
  unknown_to_unsorted: 'crm.unknown_to_unsorted',
  click_to_call: 'outgoing.click_to_call',
  default_caller_id: 'outgoing.default_caller_id',
  override_caller_id: 'outgoing.override_caller_id',
  last_used: 'outgoing.last_used',
  two_stage: 'outgoing.two_stage',
  ring_order: 'outgoing.ring_order',
  ring_s: 'outgoing.ring_s',
  announce: 'recording.announce',
  to_crm: 'recording.to_crm',
  keep_days: 'recording.keep_days',
  pause_limit_s: 'recording.pause_limit_s',
  sync: 'people.sync',
  skip_departments: 'field.skip_departments',
  skip_external: 'people.skip_external',
  admins_rule: 'people.admins_rule',
  import_on: 'workday.import_on',
  write_on: 'workday.write_on',
  source: 'manager.source',
  check_seen_today: 'manager.check_seen_today',
  wait_s: 'manager.wait_s',
};
