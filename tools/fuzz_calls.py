#!/usr/bin/env python3
"""Writes the calls of the fuzzer of operations from the public headers: fuzz_calls.py CC INCLUDE_DIR OUT.

Each function of include/wick gets a call whose arguments are drawn from the fuzzer's input by type, so a new function needs
no line anywhere. What cannot be called this way is named below with its reason; a type that is not known stops the script."""
import re
import subprocess
import sys

# How an argument of a type is drawn; the functions are those of tests/fuzz/fuzz_ops.h.
DRAWN = {
    "wk_Tensor *": "draw_tensor(f)",
    "const wk_Tensor *": "draw_tensor(f)",
    "wk_List": "draw_list(f)",
    "wk_Dims": "draw_dims(f)",
    "int64_t": "draw_int64(f)",
    "uint64_t": "(uint64_t)draw_int64(f)",
    "int": "draw_int(f)",
    "double": "draw_double(f)",
    "bool": "draw_bool(f)",
    "wk_Number": "draw_number(f)",
    "wk_Generator *": "draw_generator(f)",
    "const char *": "draw_word(f)",
    "wk_Module *": "draw_wk_Module(f)",
    "const wk_Module *": "draw_wk_Module(f)",
    "wk_Optimizer *": "draw_wk_Optimizer(f)",
    "const wk_Optimizer *": "draw_wk_Optimizer(f)",
    "wk_LRScheduler *": "draw_wk_LRScheduler(f)",
    "const wk_LRScheduler *": "draw_wk_LRScheduler(f)",
    "wk_StateDict *": "draw_wk_StateDict(f)",
    "const wk_StateDict *": "draw_wk_StateDict(f)",
    "wk_DataLoader *": "draw_wk_DataLoader(f)",
    "const wk_DataLoader *": "draw_wk_DataLoader(f)",
    "wk_Dataset *": "wk_dataset_keep(draw_wk_Dataset(f))",
    "const wk_Dataset *": "draw_wk_Dataset(f)",
    "wk_Node *": "draw_node(f)",
    "const wk_Node *": "draw_node(f)",
    "wk_Batch *": "&f->batch",
    "int64_t *": "&f->number",
    "wk_dtype": "(wk_dtype)draw_enum(f)",
}

# What becomes of a result. Every other type must be a number.
TAKEN = {
    "wk_Tensor *": "take_tensor(f, {call}, \"{name}\", {must})",
    "wk_ValuesIndices": "take_pair(f, {call}, \"{name}\")",
    "wk_Results": "take_results(f, {call}, \"{name}\")",
    "wk_MinMax": "take_pair(f, pair_of_MinMax({call}), \"{name}\")",
    "wk_VarMean": "take_pair(f, pair_of_VarMean({call}), \"{name}\")",
    "char *": "take_text(f, {call}, \"{name}\")",
    "wk_Module *": "take_wk_Module(f, {call})",
    "wk_Optimizer *": "take_wk_Optimizer(f, {call})",
    "wk_LRScheduler *": "take_wk_LRScheduler(f, {call})",
    "wk_StateDict *": "take_wk_StateDict(f, {call})",
    "wk_DataLoader *": "take_wk_DataLoader(f, {call})",
    "wk_Dataset *": "take_wk_Dataset(f, {call})",
}
NUMBERS = ["void", "bool", "int", "int64_t", "uint64_t", "size_t", "double", "const char *", "void *", "const int64_t *",
           "wk_List", "wk_NamedTensors", "wk_ErrorKind", "wk_dtype", "wk_MemoryStats"]

# Types of arguments that only a program can give.
FOREIGN = ["void *", "const void *", "wk_Scope", "wk_GradMode *", "wk_FunctionContext *", "const wk_FunctionContext *",
           "const wk_Function *", "const wk_Class *", "char *",
           "wk_Tensor **", "size_t", "wk_Module * const *", "const wk_NamedTensor *", "wk_ErrorKind",
           "uint8_t", "const uint8_t"]
# Arguments of these names are paths: files have readers' fuzzers.
PATHS = ["path", "root"]
# Functions that must not be called at random.
LEFT_OUT = {
    "wk_tensor_free": "ends a share that the fuzzer holds",
    "wk_module_free": "ends a share that the fuzzer holds",
    "wk_module_keep": "a share that nobody would end",
    "wk_optimizer_free": "ends a share that the fuzzer holds",
    "wk_lr_scheduler_free": "ends a share that the fuzzer holds",
    "wk_state_dict_free": "ends a share that the fuzzer holds",
    "wk_dataset_free": "ends a share that the fuzzer holds",
    "wk_dataloader_free": "ends a share that the fuzzer holds",
    "wk_generator_free": "ends a share that the fuzzer holds",
    "wk_dataset_keep": "a share that nobody would end",
    "wk_keep": "a share that nobody would end",
    "wk_Parameter": "its result is the caller's own",
    "wk_append": "takes a module over",
    "wk_register_module": "takes a module over",
    "wk_register_parameter": "takes a tensor over",
    "wk_register_buffer": "takes a tensor over",
    "wk_tensor_print": "prints",
    "wk_module_print": "prints",
    "wk_optimizer_print": "prints",
    "wk_set_num_threads": "the fuzzer has its own count",
    "wk_scope_begin": "the fuzzer has its own scope",
    "wk_grad_mode_begin": "must be ended in order",
    "wk_clear_error": "the fuzzer looks at errors",
    "wk_error": "the fuzzer looks at errors",
    "wk_empty": "its values are undefined",
    "wk_empty_shape": "its values are undefined",
    "wk_empty_like": "its values are undefined",
    "wk_Generator_new": "the fuzzer has its own",
}


def preprocessed(cc, include):
    text = subprocess.run([cc, "-E", "-P", f"-I{include}", f"{include}/wick/wick.h"], check=True, capture_output=True,
                          text=True).stdout
    text = re.sub(r'__attribute__\(\(visibility\("default"\)\)\)', "WK_API", text)
    return re.sub(r"\s+", " ", text.replace("_Bool", "bool"))


def split_type(declaration):
    """'const int64_t *dims' -> ('const int64_t *', 'dims', ''); arrays give their length last."""
    match = re.fullmatch(r"(.*?)(\w+)\s*((?:\[[^]]*\])?)", declaration.strip())
    if not match:
        sys.exit(f"fuzz_calls.py: cannot read the declaration '{declaration}'")
    kind = re.sub(r"\s*\*\s*", " *", match[1]).replace("* *", "**").strip()
    return kind.replace("*const", "* const"), match[2], match[3]


def members_of(body):
    """The members of a struct: [(type, name, array)]."""
    out = []
    for statement in body.split(";"):
        statement = statement.strip()
        if not statement:
            continue
        if "(" in statement:
            out.append(("function", "", ""))
            continue
        first, *others = statement.split(",")
        kind, name, array = split_type(first)
        out.append((kind, name, array))
        base = kind.rstrip("*").strip() if kind.endswith("*") else kind
        for other in others:
            stars = other.count("*")
            _, name, array = split_type("x " + other.replace("*", " ").strip())
            out.append((base + (" " + "*" * stars if stars else ""), name, array))
    return out


class Headers:
    def __init__(self, text):
        self.structs = {m[3]: members_of(m[2])
                        for m in re.finditer(r"typedef struct (\w+ )?\{([^{}]*)\} (wk_\w+);", text)}
        self.callbacks = set(re.findall(r"typedef [\w ]+[ *]+\(\*(wk_\w+)\)\(", text))
        self.enums = set(re.findall(r"typedef enum \w+ \{[^{}]*\} (wk_\w+);", text))
        self.functions = {}
        for m in re.finditer(r"WK_API ([\w ]+?[ *]+)(wk_\w+)\(([^;{]*)\);", text):
            self.functions[m[2]] = (re.sub(r"\s*\*", " *", m[1]).strip(), m[3])


def draw_struct(headers, kind, variable, lines):
    """Statements that fill an options struct: its tensors and now and then another member. False if it has a foreign member."""
    for member, name, array in headers.structs[kind]:
        if member in FOREIGN or member in headers.callbacks or member == "function" or name in PATHS:
            return False
        if member == "int" and name == "none":
            continue
        drawn = draw_of(headers, member)
        if array:
            count = int(array.strip("[]"))
            sets = " ".join(f"{variable}.{name}[{i}] = {drawn};" for i in range(count))
        else:
            sets = f"{variable}.{name} = {drawn};"
        first = name == headers.structs[kind][0][1]
        chance = "draw_bool" if member == "wk_Tensor *" else "draw_rarely"
        lines.append(f"    {sets}" if first else f"    if ({chance}(f)) {{ {sets} }}")
    return True


def draw_of(headers, kind):
    if kind in DRAWN:
        return DRAWN[kind]
    if kind in headers.enums:
        return f"({kind})draw_enum(f)"
    sys.exit(f"fuzz_calls.py: no way to draw a '{kind}'; give it one in DRAWN, or name it in FOREIGN")


def call_of(headers, name, result, parameters):
    """The body of the function that calls `name`, or None where only a program can."""
    if "(" in parameters:  # a function of the program's
        return None
    lines, arguments = [], []
    declared = [split_type(p) for p in parameters.split(",")] if parameters != "void" else []
    for index, (kind, parameter, array) in enumerate(declared):
        if (kind, parameter) == ("size_t", "length"):
            arguments.append("f->word_length")
            continue
        if kind in FOREIGN or kind in headers.callbacks or parameter in PATHS or array:
            return None
        if kind == "const int64_t *":  # dims, indices or strides after their count
            lines.append(f"    const int64_t *a{index} = draw_sizes(f, a_count);")
        elif kind == "int" and parameter in ("ndim", "count"):
            lines.append(f"    const int a{index} = draw_count(f), a_count = a{index};")
        elif kind in headers.structs and kind not in DRAWN:
            lines.append(f"    {kind} a{index} = {{0}};")
            if not draw_struct(headers, kind, f"a{index}", lines):
                return None
        else:
            drawn = "draw_text(f)" if parameter == "text" else draw_of(headers, kind)
            lines.append(f"    {kind}{'' if kind.endswith('*') else ' '}a{index} = {drawn};")
        arguments.append(f"a{index}")
    call = f"{name}({', '.join(arguments)})"
    if result == "wk_Module *" and declared and declared[0][0].endswith("wk_Module *"):
        lines.append(f"    (void){call};")  # the same module, or one that it holds
    elif result in TAKEN:
        # An accessor may answer NULL without an error; an operation may not.
        must = "false" if declared and declared[0][0].startswith("const wk_") else "true"
        lines.append("    " + TAKEN[result].format(call=call, name=name, must=must) + ";")
    elif result in NUMBERS or result in headers.enums or result == "wk_Node *":
        lines.append(f"    {'' if result == 'void' else '(void)'}{call};")
    elif result in FOREIGN or result == "wk_GradMode" or result == "wk_Scope":
        return None
    else:
        sys.exit(f"fuzz_calls.py: {name} returns '{result}'; say in TAKEN what becomes of it")
    return "\n".join(lines)


def fnv(name):
    h = 2166136261
    for c in name.encode():
        h = (h ^ c) * 16777619 & 0xFFFFFFFF
    return (h ^ h >> 16) & 0xFFFF


def main():
    cc, include, out = sys.argv[1:]
    headers = Headers(preprocessed(cc, include))
    unknown = set(LEFT_OUT) - set(headers.functions) - {"wk_empty"}
    if unknown:
        sys.exit(f"fuzz_calls.py: LEFT_OUT names what is not there: {sorted(unknown)}")
    bodies, table, foreign = [], [], []
    for name, (result, parameters) in sorted(headers.functions.items()):
        if name in LEFT_OUT:
            continue
        body = call_of(headers, name, result, parameters)
        if body is None:
            foreign.append(name)
            continue
        bodies.append(f"static void call_{name}(Fuzz *f)\n{{\n    (void)f;\n{body}\n}}\n")
        table.append((fnv(name), name))
    # A selector takes the function whose hash comes next, so that inputs keep their meaning when functions are added.
    table.sort()
    text = "/* Made by tools/fuzz_calls.py from the public headers. */\n" + "\n".join(bodies)
    text += "\nstatic const FuzzCall fuzz_calls[] = {\n"
    text += "".join(f'    {{{h}, "{n}", call_{n}}},\n' for h, n in table) + "};\n"
    text += "/* Not called, as they take what only a program can give:\n * " + "\n * ".join(foreign) + "\n */\n"
    with open(out, "w", encoding="utf-8") as file:
        file.write(text)


main()
