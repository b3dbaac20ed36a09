"""Makes sure that the browser tests find a Chromium: the system's own, else the package manager's
(only as root on a CI machine), else Playwright's. Without any, those tests say why they are skipped.
"""

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    if _found():
        return
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root and os.environ.get("CI") == "true" and shutil.which("apt-get"):
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *arguments], check=False, stdout=subprocess.DEVNULL)
        if _found():
            return
    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if done.returncode:
        print("No Chromium could be installed: the browser tests will be skipped and say so.")


def _found() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


if __name__ == "__main__":
    main()
