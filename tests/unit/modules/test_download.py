"""What a user can see of `download`: real files from a real server on loopback."""
import hashlib
import os
import ssl
import subprocess

import pytest

from holdfast_host import Failed, Refused, Stale, fetching
from modules.download import Download
from tests.unit.webserver import answer, ranged, serving

DATA = bytes(range(256)) * 2000


def sha(data, name="sha256"):
    return f"{name}:{hashlib.new(name, data).hexdigest()}"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(fetching, "PAUSE_S", 0.001)
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fetched(tmp_path, url, **arguments):
    one = Download(path=str(tmp_path / "f"), url=url, **{"checksum": sha(DATA), **arguments})
    change = one.diff(one.observe())
    if change is not None:
        one.converge(change)
        assert one.diff(one.observe()) is None, "a second run would change it again"
        assert os.listdir(tmp_path) == ["f"], "something is left behind"
    return change


def test_file_comes_whole_and_only_when_it_is_another(tmp_path):
    path = tmp_path / "f"
    with serving(lambda asked: answer(asked, DATA)) as server:
        change = fetched(tmp_path, server.url + "/a?b=c", mode="0640")
        assert (change.action, path.read_bytes(), path.stat().st_mode & 0o777) == ("create", DATA, 0o640)
        assert fetched(tmp_path, server.url) is None
        path.write_bytes(b"by hand")
        change = fetched(tmp_path, server.url)
        assert change.fields[0].before == sha(b"by hand")
        assert path.read_bytes() == DATA
        assert path.stat().st_mode & 0o777 == 0o640, "what is not declared stays"
        path.chmod(0o600)
        fetched(tmp_path, server.url, mode="0644", checksum=sha(DATA, "sha512"))
        assert [path for path, _ in server.asked] == ["/a?b=c", "/"], "other rights are no reason to fetch it again"


def test_what_is_there_is_left_when_nothing_is_known_of_it(tmp_path):
    with serving(lambda asked: answer(asked, DATA)) as server:
        fetched(tmp_path, server.url, checksum=None, unverified=True)
        (tmp_path / "f").write_bytes(b"mine")
        assert fetched(tmp_path, server.url, checksum=None, unverified=True) is None


def test_wrong_content_never_takes_its_place(tmp_path):
    (tmp_path / "f").write_bytes(b"good")
    with serving(lambda asked: answer(asked, b"evil")) as server:
        with pytest.raises(Failed, match="is not what was declared"):
            fetched(tmp_path, server.url)
        assert len(server.asked) == 1
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == b"good"


def test_connection_that_breaks_goes_on_where_it_was(tmp_path):
    def breaking(asked):
        if "Range" in asked.headers:
            ranged(asked, DATA)
        else:
            answer(asked, DATA[:100000], promised=len(DATA))

    with serving(breaking) as server:
        fetched(tmp_path, server.url)
        assert [headers.get("range") for _, headers in server.asked] == [None, "bytes=100000-"]
    assert (tmp_path / "f").read_bytes() == DATA


def test_later_run_goes_on_where_an_earlier_one_ended(tmp_path):
    with serving(lambda asked: answer(asked, DATA[:70000], promised=len(DATA))) as server, \
            pytest.raises(Failed, match="ended after"):
        fetched(tmp_path, server.url)
    left, = os.listdir(tmp_path)
    assert (tmp_path / left).stat().st_mode & 0o777 == 0o600
    with serving(lambda asked: ranged(asked, DATA)) as server:
        fetched(tmp_path, server.url)
        assert server.asked[0][1]["range"] == f"bytes={(70000)}-"
    assert (tmp_path / "f").read_bytes() == DATA


@pytest.mark.parametrize("left", [b"of another file", DATA, DATA + b"more"], ids=["other", "all of it", "too much"])
@pytest.mark.parametrize("handle", [lambda asked: ranged(asked, DATA), lambda asked: answer(asked, DATA)],
                         ids=["ranges", "no ranges"])
def test_wrong_beginning_is_seen(tmp_path, left, handle):
    with serving(lambda asked: answer(asked, b"x", promised=9)) as server, pytest.raises(Failed):
        fetched(tmp_path, server.url)
    part, = os.listdir(tmp_path)
    (tmp_path / part).write_bytes(left)
    with serving(handle) as server:
        fetched(tmp_path, server.url)
    assert (tmp_path / "f").read_bytes() == DATA


def test_server_in_trouble_is_asked_again_and_one_that_says_no_is_not(tmp_path):
    codes = [503, 429, 200]
    with serving(lambda asked: answer(asked, DATA, codes.pop(0))) as server:
        fetched(tmp_path, server.url)
        assert len(server.asked) == 3
    (tmp_path / "f").unlink()
    with serving(lambda asked: answer(asked, b"", 403)) as server:
        with pytest.raises(Failed, match="403"):
            fetched(tmp_path, server.url)
        assert len(server.asked) == 1
    assert os.listdir(tmp_path) == [], "nothing came, and nothing is left"


def test_password_goes_to_no_other_server(tmp_path):
    with serving(lambda asked: answer(asked, DATA)) as other:
        def leading(asked):
            to = {"/near": "/here", "/far": other.url}.get(asked.path)
            answer(asked, DATA, 302 if to else 200, {"Location": to} if to else {})

        with serving(leading) as server:
            for path in ("/near", "/far"):
                fetched(tmp_path, server.url + path, username="me", password="pw", headers={"X-Token": "t"})
                (tmp_path / "f").unlink()
            assert all("authorization" in headers and headers["x-token"] == "t" for _, headers in server.asked)
        (_, headers), = other.asked
        assert "authorization" not in headers
        assert "x-token" not in headers


def test_redirections_end(tmp_path):
    with serving(lambda asked: answer(asked, b"", 302, {"Location": asked.path + "x"})) as server:
        with pytest.raises(Failed, match="302"):
            fetched(tmp_path, server.url + "/x")
        assert len(server.asked) <= fetching.REDIRECTS + 1
    with serving(lambda asked: answer(asked, b"", 302, {"Location": "file:///etc/passwd"})) as server, \
            pytest.raises(Failed):
        fetched(tmp_path, server.url)


def test_proxy_is_asked_in_the_servers_place(tmp_path):
    with serving(lambda asked: answer(asked, DATA)) as proxy:
        fetched(tmp_path, "http://nowhere.invalid/f", proxy=proxy.url)
        assert proxy.asked[0][0] == "http://nowhere.invalid/f"


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "k", "-out",
                    folder / "c", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c", folder / "k")
    return context, str(folder / "c")


def test_certificate_is_verified_unless_told_otherwise(tmp_path, tls):
    context, ca = tls
    with serving(lambda asked: answer(asked, DATA), context) as server:
        with pytest.raises(Failed, match=r"(?i)certificate"):
            fetched(tmp_path, server.url)
        left = os.listdir(tmp_path)
        assert left == [] or (tmp_path / left[0]).stat().st_size == 0
        fetched(tmp_path, server.url, ca=ca)
        (tmp_path / "f").unlink()
        fetched(tmp_path, server.url, verify=False)


def test_https_never_leads_to_http(tmp_path, tls):
    context, ca = tls
    with serving(lambda asked: answer(asked, DATA)) as plain, \
            serving(lambda asked: answer(asked, b"", 302, {"Location": plain.url}), context) as server:
        with pytest.raises(Failed, match="less safe"):
            fetched(tmp_path, server.url, ca=ca)
        assert plain.asked == []


def test_hand_edit_while_it_is_fetched_is_not_overwritten(tmp_path):
    def meddling(asked):
        (tmp_path / "f").write_bytes(b"mine")
        answer(asked, DATA)

    with serving(meddling) as server, pytest.raises(Stale):
        fetched(tmp_path, server.url)
    assert (tmp_path / "f").read_bytes() == b"mine"


def test_file_of_another_in_its_way_is_not_written_through(tmp_path):
    with serving(lambda asked: answer(asked, DATA[:7], promised=9)) as server, pytest.raises(Failed):
        fetched(tmp_path, server.url)
    part, = os.listdir(tmp_path)
    (tmp_path / part).unlink()
    (tmp_path / part).symlink_to("/etc/hostname")
    with serving(lambda asked: answer(asked, DATA)) as server, pytest.raises(Failed, match="cannot write"):
        fetched(tmp_path, server.url)


@pytest.mark.parametrize(("arguments", "what"), [
    ({}, "add `checksum: sha256"),
    ({"checksum": "md5:" + "0" * 32}, "can be forged"),
    ({"checksum": "A" * 64}, "write sha256:" + "a" * 64),
    ({"checksum": "sha256:12"}, "is not a checksum"),
    ({"unverified": True, "checksum": sha(b"")}, "both given"),
    ({"unverified": True, "url": "ftp://x/y"}, "no|not an address"),
    ({"unverified": True, "url": "https://a:b@x/y"}, "holds a user or a password"),
    ({"unverified": True, "username": "a"}, "`password` is missing"),
    ({"unverified": True, "verify": False, "ca": "/x"}, "nothing is to be verified"),
])
def test_what_is_not_safe_is_refused(arguments, what):
    with pytest.raises(Refused, match=what):
        Download(**{"path": "/f", "url": "https://x/y", **arguments})
