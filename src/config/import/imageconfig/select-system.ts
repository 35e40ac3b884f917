import { nearestOf } from "../../../core/index.ts";
import type { Field } from "../decode.ts";
import type { NoteList } from "../import-note.ts";
import { type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import type { ImageConfig } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

/** The system configuration of a name; without one, the default, else the first. The others are noted. */
export function selectSystem(
  { SystemConfigs }: ImageConfig,
  name: string | undefined,
  notes: NoteList,
  report: Report,
): Field<SystemConfigModel> | undefined {
  const systems = itemsOf(SystemConfigs);
  const named = name === undefined ? undefined : systems.find(({ value }) => textOf(value.Name) === name);
  if (name !== undefined && named === undefined) {
    const names = systems.map(({ value }) => textOf(value.Name));
    const near = nearestOf(name, names);
    if (SystemConfigs !== undefined) {
      report(SystemConfigs.spot, `no system configuration is called ${JSON.stringify(name)}`, {
        ...(near === undefined ? { expected: `one of ${names.join(", ")}` } : { didYouMean: near }),
      });
    }
    return undefined;
  }
  const selected = named ?? systems.find(({ value }) => value.IsDefault?.value === true) ?? systems[0];
  for (const system of systems) {
    if (system === selected) continue;
    const other = textOf(system.value.Name);
    const at = spotOf(system.value.Name, system.spot, "Name");
    notes.add(
      "dropped",
      at,
      "a template describes one system",
      `Import it with --system-config ${JSON.stringify(other)}`,
    );
  }
  return selected;
}
