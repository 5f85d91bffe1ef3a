"""What other people's pickles may and may not do."""

from __future__ import annotations

import collections
import contextlib
import io
import os
import pickle
import pickletools
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid_data.safe_pickle import UnsafePickleError, load_pickle, loads_pickle

PLAIN = {
    "array": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "big endian": np.arange(3, dtype=">i4"),
    "empty": np.zeros((0, 3)),
    "zero-d": np.array(5),
    "bools": np.array([True, False]),
    "texts": np.array(["ab", "c"]),
    "objects": np.array([[1, 2], "x", None, np.arange(2)], dtype=object),
    "scalar": np.float32(2.5),
    "nested": (1, [2, {"k": {3}}], frozenset({4}), None, 1.5, True, 2 + 1j, b"", b"\xff\x00"),
    "ordered": collections.OrderedDict(a=1),
}


def same(left, right):
    if isinstance(left, np.ndarray):
        assert type(right) is np.ndarray
        assert left.shape == right.shape
        assert left.dtype == right.dtype.newbyteorder(left.dtype.byteorder)
        for one, other in zip(left.ravel(), right.ravel(), strict=True):
            same(one, other)
    else:
        assert type(left) is type(right)
        assert left == right


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", PLAIN)
def test_plain_data_survives_every_protocol(name, protocol):
    same(PLAIN[name], loads_pickle(pickle.dumps(PLAIN[name], protocol=protocol)))


def test_arrays_are_writable_and_in_native_order():
    array = loads_pickle(pickle.dumps(np.arange(3, dtype=">i4")))
    array += 1
    assert array.tolist() == [1, 2, 3]
    assert array.dtype.isnative


def test_shared_parts_stay_shared():
    part = np.arange(3)
    first, second = loads_pickle(pickle.dumps([part, part]))
    assert first is second


def test_a_pickle_of_python_2_is_read():
    # pickle.dumps({'coordinates': numpy.array([1.5, -2.0])}, 2) of Python 2.7.
    data = (
        b"\x80\x02}q\x00U\x0bcoordinatesq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\n"
        b"ndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01K\x02\x85cnumpy\ndtype\nq\x05U\x02f8K\x00K\x01"
        b"\x87Rq\x06(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x10"
        + np.array([1.5, -2.0]).tobytes()
        + b"tbs."
    )
    assert loads_pickle(data)["coordinates"].tolist() == [1.5, -2.0]


def test_easydict_becomes_a_plain_dict(monkeypatch):
    # The class as it is written, under the name that it has in files.
    class EasyDict(dict):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            super().__setitem__(name, value)

    EasyDict.__module__, EasyDict.__qualname__ = "easydict", "EasyDict"
    module = types.ModuleType("easydict")
    module.EasyDict = EasyDict
    monkeypatch.setitem(sys.modules, "easydict", module)
    value = EasyDict()
    value.label = np.eye(2)
    value.partition = EasyDict()
    value.partition.train = [0, 1]
    read = loads_pickle(pickle.dumps(value))
    assert type(read) is dict
    assert type(read["partition"]) is dict
    assert read["label"].tolist() == [[1, 0], [0, 1]]
    assert read["partition"] == {"train": [0, 1]}


class Command:
    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "attack",
    [
        lambda path: Command(os.system, f"touch {path}"),
        lambda path: Command(eval, f"open({str(path)!r}, 'w')"),
        lambda path: Command(os.mkdir, str(path)),
        lambda path: np.array([Command(os.mkdir, str(path))], dtype=object),
        lambda path: {"deep": [{Command(os.mkdir, str(path)): 1}]},
    ],
)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_exploit_is_refused_by_name_and_not_run(attack, protocol, tmp_path):
    trace = tmp_path / "trace"
    file = tmp_path / "poses.pkl"
    file.write_bytes(pickle.dumps(attack(trace), protocol=protocol))
    with pytest.raises(UnsafePickleError, match=r"poses\.pkl.*asks for .*(system|eval|mkdir)"):
        load_pickle(file)
    assert not trace.exists()
    pickle.loads(file.read_bytes())
    assert trace.exists(), "the attack itself must work, or this test shows nothing"


def forged_array(dtype_state, *, code, content, shape=(1,)):
    """An array whose dtype state is whatever the attacker wants."""
    out = io.BytesIO()
    pickler = pickle._Pickler(out, 2)
    out.write(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n")
    for part in ((0,), b"b"):
        pickler.save(part)
    out.write(b"\x87R(K\x01")
    pickler.save(shape)
    out.write(b"cnumpy\ndtype\n")
    for part in (code, False, True):
        pickler.save(part)
    out.write(b"\x87R")
    pickler.save(dtype_state)
    out.write(b"b\x89")
    pickler.save(content)
    out.write(b"tb.")
    return out.getvalue()


def test_object_pointers_cannot_be_forged():
    # Flags 0 claim that an object array may be filled from bytes.
    data = forged_array((3, "|", None, None, None, -1, -1, 0), code="O8", content=b"A" * 8)
    with pytest.raises(UnsafePickleError, match="array of objects"):
        loads_pickle(data)


def test_a_compound_dtype_is_refused():
    state = (3, "|", None, ("a",), {"a": (1, 0)}, 8, 1, 16)
    with pytest.raises(UnsafePickleError, match="structured"):
        loads_pickle(forged_array(state, code="V8", content=b"A" * 8))


@pytest.mark.parametrize("shape", [(1 << 40,), (-1,), (2, "x"), (1 << 40, 0, 3)])
def test_a_shape_that_does_not_fit_is_refused(shape):
    state = (3, "<", None, None, None, -1, -1, 0)
    if shape == (1 << 40, 0, 3):
        array = loads_pickle(forged_array(state, code="f8", content=b"", shape=shape))
        assert array.size == 0
        return
    with pytest.raises(UnsafePickleError):
        loads_pickle(forged_array(state, code="f8", content=b"A" * 8, shape=shape))


def test_a_few_bytes_cannot_claim_all_memory():
    # LONG_BINPUT numbers an object 2**32 - 1; bytes(2**40) and an array's content of that length.
    with pytest.raises(UnsafePickleError):
        loads_pickle(b"\x80\x02]r\xff\xff\xff\xff" + b"0")
    with pytest.raises(UnsafePickleError):
        loads_pickle(b"\x80\x05\x96" + (1 << 45).to_bytes(8, "little") + b".")
    with pytest.raises(UnsafePickleError):
        loads_pickle(b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.")
    state = (3, "<", None, None, None, -1, -1, 0)
    with pytest.raises(UnsafePickleError, match="int for an array"):
        loads_pickle(forged_array(state, code="f8", content=1 << 40))


def test_the_reader_cannot_be_tampered_with():
    # BUILD on a stand-in itself, to set its attributes for the next file.
    for name in ("numpy\ndtype", "numpy.core.multiarray\nscalar", "_codecs\nencode"):
        with pytest.raises(UnsafePickleError):
            loads_pickle(b"\x80\x02c" + name.encode() + b"\nN}U\x04evilK\x01s\x86b.")
    same(PLAIN["array"], loads_pickle(pickle.dumps(PLAIN["array"])))


def test_cycles_and_functions_are_refused():
    cycle = []
    cycle.append((cycle,))
    with pytest.raises(UnsafePickleError, match="contains itself"):
        loads_pickle(pickle.dumps(cycle))
    with pytest.raises(UnsafePickleError, match="function"):
        loads_pickle(pickle.dumps([set]))


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data):
    with contextlib.suppress(UnsafePickleError):
        loads_pickle(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_pickle_is_read_or_refused(data):
    whole = bytearray(pickle.dumps(PLAIN, protocol=data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnsafePickleError):
        loads_pickle(bytes(whole))


def test_an_opcode_that_the_stream_ends_in_is_an_error(tmp_path):
    whole = pickle.dumps(PLAIN)
    for _, _, position in list(pickletools.genops(whole))[1:]:
        with pytest.raises(UnsafePickleError):
            loads_pickle(whole[:position])
