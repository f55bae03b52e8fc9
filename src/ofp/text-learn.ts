// The learn action as ovs-ofctl prints it.
import type { Learn, LearnSpec } from './action-types.js';
import { field } from './fields.js';
import { learnFlag } from './learn-codec.js';
import { formatSubfield } from './text-subfield.js';
import { formatValue, hex } from './text-values.js';

const defaultPriority = 0x8000;

function matchText({ source, target }: Extract<LearnSpec, { kind: 'match' }>): string {
  const row = field(target.field);
  if ('value' in source) {
    const isWhole = target.start === 0 && target.bits === row.bits;
    return isWhole ? `${row.text}=${formatValue(row, source.value)}` : `${formatSubfield(target)}=${hex(source.value)}`;
  }
  const { subfield } = source;
  const isSame = subfield.field === target.field && subfield.start === target.start;
  return isSame ? formatSubfield(target) : `${formatSubfield(target)}=${formatSubfield(subfield)}`;
}

function specText(spec: LearnSpec): string {
  if (spec.kind === 'match') return matchText(spec);
  const source = 'value' in spec.source ? hex(spec.source.value) : formatSubfield(spec.source.subfield);
  return spec.kind === 'load' ? `load:${source}->${formatSubfield(spec.target)}` : `output:${source}`;
}

/** A learn as ovs-ofctl prints it. */
export function formatLearn(action: Learn): string {
  const timeouts = [
    ['idle_timeout', action.idleTimeout],
    ['hard_timeout', action.hardTimeout],
    ['fin_idle_timeout', action.finIdleTimeout],
    ['fin_hard_timeout', action.finHardTimeout],
  ] as const;
  const words = [
    `table=${action.table}`,
    ...timeouts.filter(([, seconds]) => seconds !== 0).map(([name, seconds]) => `${name}=${seconds}`),
    ...(action.priority === defaultPriority ? [] : [`priority=${action.priority}`]),
    ...(action.flags & learnFlag.sendFlowRem ? ['send_flow_rem'] : []),
    ...(action.flags & learnFlag.deleteLearned ? ['delete_learned'] : []),
    ...(action.cookie === 0n ? [] : [`cookie=${hex(action.cookie)}`]),
    ...(action.limit ? [`limit=${action.limit}`] : []),
    ...(action.resultBit ? [`result_dst=${formatSubfield(action.resultBit)}`] : []),
    ...action.specs.map(specText),
  ];
  return `learn(${words.join(',')})`;
}
