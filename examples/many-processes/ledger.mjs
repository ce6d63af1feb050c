/** A file in which all server processes record the withdrawals. It also has those of a process that was killed. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

const file = (folder) => join(folder, "ledger.txt");

/** Records a withdrawal at the moment at which it is executed. */
export function record(folder, id, receipt) {
  appendFileSync(file(folder), `${id} ${receipt}\n`);
}

/**
 * Compares the ledger with the receipts that the clients have received.
 * @param receipts of the answered calls, by their `id`
 * @returns numbers of withdrawals: executed, executed more than once, and answered with a receipt that the ledger does not have
 */
export function audit(folder, receipts) {
  const executed = new Map();
  let twice = 0;
  for (const line of readFileSync(file(folder), "utf8").trimEnd().split("\n")) {
    const [id, receipt] = line.split(" ");
    if (executed.has(id)) twice++;
    executed.set(id, receipt);
  }
  const wrong = [...receipts].filter(([id, receipt]) => executed.get(id) !== receipt).length;
  return { executed: executed.size, twice, wrong };
}
