"""One question to an instruct model on the user's own machine: a server that speaks OpenAI's protocol, or a folder.

Nothing is sent anywhere but to the address that was named: no proxy is asked and no redirect followed.
"""

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corpus.errors import GeulgamError

_CONNECT = 5.0  # seconds until a server has taken the call
_LARGEST = 1 << 20  # bytes of an answer
_TOKENS = 1_500  # of an answer


def ask(where: str, model: str, question: str, *, seconds: float, temperature: float = 0.3) -> str:
    """The answer of the model at ``where``: an address such as http://localhost:8000/v1, or a transformers folder.

    ``model``: the name by which the server knows it, "": the first that it has. ``seconds``: how long the whole may
    take. Raises GeulgamError for whatever goes wrong, naming the address or folder.
    """
    if where.startswith(("http://", "https://")):
        return _of_server(where.rstrip("/"), model, question, time.monotonic() + seconds, temperature)
    folder = Path(where).expanduser()
    if not folder.is_dir():
        raise GeulgamError(
            f"generate.planner is {where}, which is neither an address nor a folder",
            "name a server on this machine (http://localhost:8000/v1) or the folder of an instruct model",
        )
    return _of_folder(folder, question, seconds)


def _of_server(where: str, model: str, question: str, deadline: float, temperature: float) -> str:
    if not model:
        listed = _call(where, "GET", "/models", None, deadline)
        try:
            model = str(listed["data"][0]["id"])
        except (KeyError, IndexError, TypeError):
            raise _unclear(where, "lists no model") from None
    body = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "temperature": temperature,
        "max_tokens": _TOKENS,
        "stream": False,
    }
    answer = _call(where, "POST", "/chat/completions", body, deadline)
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise _unclear(where, "answered without a message") from None
    if not isinstance(content, str):
        raise _unclear(where, "answered without a text")
    return content


def _call(where: str, method: str, path: str, body: Any, deadline: float) -> Any:
    """The JSON that the server answers. Every read is bounded by what is left until the deadline."""
    try:
        address = urlsplit(where)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=min(_CONNECT, _left(deadline)))
    except (ValueError, http.client.InvalidURL) as error:
        raise _no_address(where) from error
    try:
        connection.connect()
        socket = connection.sock
        socket.settimeout(_left(deadline))
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, address.path + path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        read = b""
        while part := response.read1(1 << 16):
            read += part
            socket.settimeout(_left(deadline))
            if len(read) > _LARGEST:
                raise _unclear(where, "answered more than a megabyte")
    except ValueError as error:  # a name that no host can have is looked at only now
        raise _no_address(where) from error
    except TimeoutError:
        raise GeulgamError(
            f"the planner at {where} did not answer in time", "see whether it is at work, or plan without it"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise GeulgamError(
            f"could not reach the planner at {where}: {error}", "start it, or take generate.planner out of geulgam.toml"
        ) from error
    finally:
        connection.close()
    if response.status != 200:
        said = " ".join(read.decode("utf-8", "replace").split())[:120]
        raise GeulgamError(
            f"the planner at {where} refused with status {response.status}: {said}",
            "the address ends in /v1 as a rule, and generate.planner_model names a model that it has",
        )
    try:
        return json.loads(read)
    except ValueError:
        raise _unclear(where, "answered with what is no JSON") from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _no_address(where: str) -> GeulgamError:
    return GeulgamError(f"generate.planner is {where}, which is no address", "http://localhost:8000/v1")


def _unclear(where: str, what: str) -> GeulgamError:
    return GeulgamError(f"the planner at {where} {what}", "it has to speak OpenAI's protocol (chat completions)")


def _of_folder(folder: Path, question: str, seconds: float) -> str:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        if not tokenizer.chat_template:
            raise GeulgamError(f"the model in {folder} has no chat template", "name an instruct model")
        model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise GeulgamError(
            f"cannot load the model in {folder}: {str(error).partition(chr(10))[0]}", "name an instruct model's folder"
        ) from error
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.inference_mode():
        ids = model.generate(**asked, max_new_tokens=_TOKENS, do_sample=False, max_time=seconds)
    answer: str = tokenizer.decode(ids[0, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    return answer
