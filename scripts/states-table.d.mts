import type { ChangeKind, State, StateRules } from "../src/core/connection/states.ts";

export function statesTable(
  states: Readonly<Record<State, StateRules>>,
  publicName: (state: State) => string,
): string;
export function printedTable(page?: string): string;
export function publicNames(state: State, publicState: (state: State, kind: ChangeKind) => string): string;
