"""Answers a list of calls on standard input with the list of what ranx, NumPy and SciPy say."""

import json
import sys
from typing import Any

import numpy as np
from scipy import stats


def ranking(call: dict[str, Any]) -> dict[str, list[float]]:
    """Per-query scores, in the order of the query ids. Runs are lists of (id, score)."""
    from ranx import Qrels, Run, evaluate

    qrels = Qrels(call["qrels"])
    run = Run({query: dict(rows) for query, rows in call["run"].items()})
    found = evaluate(qrels, run, call["metrics"], return_mean=False)
    scores = found if isinstance(found, dict) else {call["metrics"][0]: found}
    # ranx sorts queries by id; zero-padded ids keep that order on both sides.
    return {metric: [float(value) for value in values] for metric, values in scores.items()}


def quantile(call: dict[str, Any]) -> list[float]:
    return [float(np.quantile(call["values"], share)) for share in call["shares"]]


def bootstrap(call: dict[str, Any]) -> list[float]:
    rng = np.random.default_rng(call["seed"])
    found = stats.bootstrap(
        (np.asarray(call["values"]),),
        np.mean,
        n_resamples=call["resamples"],
        confidence_level=call["confidence"],
        method="percentile",
        rng=rng,
    )
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def sign_flips(call: dict[str, Any]) -> float:
    """One-sided, exact for few values: the chance of a mean difference as low as this under swapped labels."""
    values = np.asarray(call["values"])
    zeros = np.zeros_like(values)
    found = stats.permutation_test(
        (values, zeros),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
        alternative="less",
    )
    return float(found.pvalue)


def wilson(call: dict[str, Any]) -> list[float]:
    found = stats.binomtest(call["hits"], call["trials"]).proportion_ci(0.95, method="wilson")
    return [float(found.low), float(found.high)]


CALLS = {"ranking": ranking, "quantile": quantile, "bootstrap": bootstrap, "sign-flips": sign_flips, "wilson": wilson}

json.dump([CALLS[call["name"]](call) for call in json.load(sys.stdin)], sys.stdout)
