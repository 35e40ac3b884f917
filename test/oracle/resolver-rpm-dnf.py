"""Asks dnf what it would install: worlds of repositories as JSON on stdin, one answer for each set of requests on stdout."""

import json
import os
import sys

import dnf


def open_base(world, directory):
    for name in ("root", "log", "persist"):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    base = dnf.Base()
    conf = base.conf
    conf.installroot = os.path.join(directory, "root")
    conf.cachedir = os.path.join(directory, "cache", world["name"])
    conf.persistdir = os.path.join(directory, "persist")
    conf.logdir = os.path.join(directory, "log")
    conf.plugins = False
    conf.gpgcheck = False
    conf.best = False
    conf.install_weak_deps = world["installWeak"]
    conf.substitutions.update({"releasever": "1", "basearch": "x86_64", "arch": "x86_64"})
    for repository in world["repositories"]:
        base.repos.add_new_repo(
            repository["id"], conf, baseurl=["file://" + repository["path"]], priority=repository["priority"]
        )
    base.fill_sack(load_system_repo=False)
    return base


def answer(base, requests):
    base.reset(goal=True)
    try:
        for request in requests:
            base.install(request)
        base.resolve()
    except dnf.exceptions.Error as error:
        return {"problem": str(error)}
    return {"packages": sorted(str(package) for package in base.transaction.install_set)}


def main():
    asked = json.load(sys.stdin)
    for world in asked["worlds"]:
        base = open_base(world, asked["directory"])
        print(json.dumps([answer(base, requests) for requests in world["sets"]]), flush=True)
        base.close()


main()
