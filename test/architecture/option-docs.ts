import ts from 'typescript';
import { compile, exportedType } from './compiler.js';
import { root } from './source-tree.js';

const path = 'src/config/options.ts';
const program = compile([root + path]);
const checker = program.getTypeChecker();

export interface OptionDoc {
  /** Its name with dots, e.g. `shutdown.drain.min`; a component is called `health.components.*`. */
  readonly name: string;
  /** All that its comment says. */
  readonly text: string;
  /** What follows `@default`; undefined: it says nothing of that. */
  readonly default: string | undefined;
  /** The texts that its type names, e.g. `wait`, `fail` and `rename`. */
  readonly values: readonly string[];
}

/** What the comments of `options.ts` say of every option that is a value of its own. */
export function optionDocs(): OptionDoc[] {
  return [
    ...docsOf(exportedType(program, path, 'RegistrarOptions')),
    ...docsOf(exportedType(program, path, 'ComponentOptions'), 'health.components.*.'),
  ];
}

function docsOf(type: ts.Type, prefix = ''): OptionDoc[] {
  return type.getProperties().flatMap((property) => {
    const name = prefix + property.name;
    const declared = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const members = declared.isUnion() ? declared.types : [declared];
    const nested = members.find((each) => /Options$/.test(each.getSymbol()?.name ?? ''));
    const inner = nested === undefined ? [] : docsOf(nested, `${name}.`);
    // A group that can be switched off is an option too.
    const isOption = nested === undefined || members.some((each) => checker.typeToString(each) === 'false');
    if (!isOption) return inner;
    const tag = property.getJsDocTags(checker).find((each) => each.name === 'default');
    const text = ts.displayPartsToString(property.getDocumentationComment(checker));
    const given = tag && ts.displayPartsToString(tag.text).replace(/\s+/g, ' ');
    return [
      {
        name,
        text: `${text} ${given ?? ''}`,
        default: given,
        values: members.flatMap((each) => (each.isStringLiteral() ? [each.value] : [])),
      },
      ...inner,
    ];
  });
}
