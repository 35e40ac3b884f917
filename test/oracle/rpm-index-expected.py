"""Prints the packages of a primary.xml as JSON, one a line, read by an XML parser: what our index has to say."""
import json
import re
import sys
import xml.etree.ElementTree as ET

COMMON = "{http://linux.duke.edu/metadata/common}"
RPM = "{http://linux.duke.edu/metadata/rpm}"
RELATIONS = ("provides", "conflicts", "obsoletes", "recommends", "suggests", "supplements", "enhances")
SIGNS = {"LT": "<", "LE": "<=", "EQ": "=", "GE": ">=", "GT": ">"}


def evr(element):
    epoch, release = element.get("epoch", "0"), element.get("rel")
    return ("" if epoch == "0" else epoch + ":") + element.get("ver") + ("-" + release if release else "")


def entries(form, name, wanted=lambda entry: True):
    def text(entry):
        flags = entry.get("flags")
        return entry.get("name") + (f" {SIGNS[flags]} {evr(entry)}" if flags else "")

    return "\t".join(text(entry) for entry in form.findall(f"{RPM}{name}/{RPM}entry") if wanted(entry))


def package(element):
    form = element.find(COMMON + "format")

    def text(name, parent=element):
        return re.sub(r"[\t\r\n]", " ", parent.findtext(name) or "").strip()

    name, version = text(COMMON + "name"), evr(element.find(COMMON + "version"))
    source = re.fullmatch(r"(.+)-([^-]+-[^-]+)\.(no)?src\.rpm", text(RPM + "sourcerpm", form))
    size, location = element.find(COMMON + "size"), element.find(COMMON + "location")
    return {
        "package": {
            "name": name,
            "version": version,
            "architecture": text(COMMON + "arch"),
            "source": {"name": source[1], "version": source[2]} if source else {"name": name, "version": version},
            "maintainer": text(COMMON + "packager") or text(RPM + "vendor", form),
            "homepage": text(COMMON + "url"),
            "section": text(RPM + "group", form),
            "path": location.get("href"),
            "sizeBytes": int(size.get("package")),
            "installedSizeBytes": int(size.get("installed")),
            "sha256": text(COMMON + "checksum"),
            "licence": text(RPM + "license", form),
            "buildTimeSeconds": int(element.find(COMMON + "time").get("build")),
            "requires": entries(form, "requires", lambda entry: entry.get("pre") != "1"),
            "preRequires": entries(form, "requires", lambda entry: entry.get("pre") == "1"),
            **{name: entries(form, name) for name in RELATIONS},
        },
        "files": [file.text for file in form.findall(COMMON + "file")],
    }


for _, element in ET.iterparse(sys.stdin.buffer):
    if element.tag == COMMON + "package":
        if element.findtext(COMMON + "arch") not in ("src", "nosrc"):
            print(json.dumps(package(element)))
        element.clear()
