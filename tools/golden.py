"""What the golden_*.py have in common: the folder that they write to, and text printed into a file of it."""
import argparse
import contextlib
import io
from pathlib import Path


def output_folder(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent / "tests" / "golden",
                        help="where the files are written (default: tests/golden)")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def printing_to(path):
    """All that is printed becomes the file, once all of it is there."""
    with contextlib.redirect_stdout(io.StringIO()) as text:
        yield
    path.write_text(text.getvalue())
