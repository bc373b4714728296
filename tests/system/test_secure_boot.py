# SPDX-License-Identifier: BSD-2-Clause
"""`make sign`: firmware with Secure Boot on starts what was signed by whom it trusts, and nothing else."""
import os
import shutil
import subprocess

import beds
import machine
import mkesp
import pytest
import test_uefi

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Debian's test key, which these variables have as the platform's; its password is its name.
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"
KEY, CERT = "/usr/share/ovmf/PkKek-1-snakeoil.key", "/usr/share/ovmf/PkKek-1-snakeoil.pem"
# They all make one file.
pytestmark = pytest.mark.xdist_group("secure-boot")
REFUSED = "Access Denied|Security Violation|not started"


def sign(key, cert):
    # BUILD as this make was given it: by another name of the folder all would be made anew.
    return subprocess.run(["make", "-s", "-C", ROOT, "sign", f"KEY={key}", f"CERT={cert}",
                           f"BUILD={os.environ.get('BUILD', 'build')}"],
                          capture_output=True, text=True, check=False)


@pytest.fixture(name="signed", scope="module")
def signed_loader(build, tmp_path_factory):
    """freehold.efi, signed by the make target with the key that the firmware trusts."""
    folder = tmp_path_factory.mktemp("key")
    key = str(folder / "key.pem")
    subprocess.run(["openssl", "rsa", "-in", KEY, "-passin", "pass:snakeoil", "-out", key],
                   check=True, capture_output=True)
    done = sign(key, CERT)
    assert done.returncode == 0, done.stderr
    return shutil.copy(os.path.join(build, "freehold-signed.efi"), folder)


def start(boot, loader, tmp_path):
    (tmp_path / "conf").write_text("# nothing to start\n")
    tree = tmp_path / "esp"
    mkesp.build(str(loader), str(tmp_path / "conf"), {}, str(tree))
    variables = shutil.copy(VARIABLES, tmp_path / "variables")
    command = ["qemu-system-x86_64", "-machine", "q35,smm=on", *machine.qemu_accel("EPYC", False),
               "-smp", "2", "-m", "1G", "-display", "none", "-nic", "none",
               "-global", "driver=cfi.pflash01,property=secure,value=on",
               "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}",
               "-drive", f"if=pflash,format=raw,unit=1,file={variables}",
               "-drive", f"file=fat:{tree},format=raw,snapshot=on"]
    return boot.start(beds.QemuBed, None, command=command)


def test_signed_starts(boot, signed, tmp_path):
    bed = start(boot, signed, tmp_path)
    bed.expect_prompt(test_uefi.PATIENCE)
    assert any("loader: freehold.efi" in line for line in bed.command("log"))


def test_altered_is_refused(boot, signed, tmp_path):
    """One bit of the kernel that is in it."""
    data = bytearray(open(signed, "rb").read())
    data[len(data) // 2] ^= 1
    altered = tmp_path / "altered.efi"
    altered.write_bytes(data)
    bed = start(boot, altered, tmp_path)
    bed.expect(REFUSED, test_uefi.PATIENCE)
    assert "UEFI loader" not in bed.serial.all


def test_unsigned_is_refused(boot, build, tmp_path):
    bed = start(boot, os.path.join(build, "freehold.efi"), tmp_path)
    bed.expect(REFUSED, test_uefi.PATIENCE)
    assert "UEFI loader" not in bed.serial.all


WRONG_WORDS = {
    "nothing": ("", "", "sign: say KEY=file CERT=file"),
    "no-file": ("/nowhere/key", CERT, "sign: KEY=/nowhere/key cannot be read"),
    "no-key": (CERT, CERT, "sign: sbsign cannot sign with KEY="),
}


@pytest.mark.parametrize("name", WRONG_WORDS)
def test_wrong_words(name):
    key, cert, text = WRONG_WORDS[name]
    done = sign(key, cert)
    assert done.returncode != 0
    assert text in done.stderr
