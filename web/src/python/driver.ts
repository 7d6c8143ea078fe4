// What runs a program inside Python: as `python NAME` would, with input() that asks the page.
export const driver = `
import builtins, linecache, os, sys, traceback
from pyodide.ffi import can_run_sync, run_sync

sys.stdout.reconfigure(line_buffering=True)
sys.path.insert(0, os.getcwd())

def main(name, source, ask):
    def read(prompt=""):
        print(prompt, end="", flush=True)
        if not can_run_sync():
            raise EOFError("input() cannot wait in this browser")
        line = run_sync(ask(str(prompt)))
        if line is None:
            raise EOFError("no line was given to input()")
        print(line)
        return line

    builtins.input = read
    sys.argv = [name]
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    module = type(sys)("__main__")
    module.__file__ = name
    sys.modules["__main__"] = module
    try:
        exec(compile(source, name, "exec"), module.__dict__)
    except SystemExit as e:
        if e.code is None or e.code == 0:
            return True
        if not isinstance(e.code, int):
            print(e.code, file=sys.stderr)
        return False
    except BaseException as e:
        if isinstance(e, ModuleNotFoundError) and e.name and not os.path.exists(e.name):
            e.add_note(f"{e.name.partition('.')[0]} is not here: this Python has the standard library only, "
                       "and no network to get more.")
        if isinstance(e, SyntaxError) and e.filename == name:
            print("".join(traceback.format_exception_only(e)), end="", file=sys.stderr)
        else:
            traceback.print_exception(type(e), e, e.__traceback__ and e.__traceback__.tb_next)
        return False
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return True
`;
