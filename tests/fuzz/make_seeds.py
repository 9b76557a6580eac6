#!/usr/bin/env python3
"""Writes the seeds of the targets whose formats are made by hand: tests/fuzz/make_seeds.py [CORPUS_FOLDER]"""

import bz2
import io
import json
import lzma
import pathlib
import struct
import sys
import tarfile
import zipfile
import zlib

corpus = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus")


def write(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b""):
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


whole = {
    "__metadata__": {"model": "resnet18", "step": "7"},
    "label": tensor("I64", [1], 0, 8),
    "weight": tensor("F32", [2, 1], 8, 16),
    "half": tensor("BF16", [], 16, 18),
    "pixels": tensor("U8", [2, 1, 0], 18, 18),
}
write("fuzz_safetensors", "whole.safetensors", safetensors(whole, bytes(18)))
write("fuzz_safetensors", "cut.safetensors", safetensors(whole, bytes(9)))
write("fuzz_safetensors", "empty.safetensors", safetensors({}))
write("fuzz_safetensors", "unknown_type.safetensors", safetensors({"a": tensor("F8_E5M2", [1], 0, 1)}, b"x"))
write("fuzz_safetensors", "hole.safetensors", safetensors({"a": tensor("U8", [1], 1, 2)}, b"xy"))

# Values of every type in places of the header where they may not stand.
for name, header in {"null": {"a": None}, "flag": {"__metadata__": {"b": True}}, "negative": {"a": tensor("U8", [-1], 0, 1)},
                     "fraction": {"a": tensor("U8", [0.5], 0, 1)}, "nested": {"a": {"dtype": ["U8"]}}}.items():
    write("fuzz_safetensors", f"{name}.safetensors", safetensors(header, b"x"))
write("fuzz_safetensors", "no_json.safetensors", struct.pack("<Q", 8) + b'{"a": tr')

write("fuzz_recipe", "whole.toml", """# train --config recipe.toml --out NEW_FOLDER
nesterov = true
threads = 4
epochs = 90
seed = 18446744073709551615
momentum = 0.9
data = "C:\\\\images \\u00e9"
images = ['a', "b",
  "c"]  # three
mix = false
batch-size = 64
learning-rate = 1e-05
schedule = "cosine"
milestones = [1.5, 20]
""")
write("fuzz_recipe", "unknown.toml", "epochs = 1\nepoch = 2\n")
write("fuzz_recipe", "open_text.toml", 'data = "a\n')

write("fuzz_metadata", "count", "224")
write("fuzz_metadata", "number", "-1.5e-3")
write("fuzz_metadata", "share", "0.2")
write("fuzz_metadata", "switch", "true")
write("fuzz_metadata", "texts", '["cat","dog \\u00e9"]')
write("fuzz_metadata", "colors", "[0.485,0.456,0.406]")
write("fuzz_metadata", "loss_scale", "65536 12 3")
receipts = [{"trick": "mixup", "fired": 12, "counts": [["batches", 12.0], ["mean lambda", 0.5]]}]
write("fuzz_metadata", "receipts", json.dumps(receipts))

line = {"step": 100, "epoch": 1.5, "seconds": 12.5, "values": {"train/loss": 2.3, "train/loss_centre": None}}
write("fuzz_metrics", "two.jsonl", json.dumps(line) + "\n" + json.dumps(line) + "\n")
write("fuzz_metrics", "cut.jsonl", json.dumps(line) + "\n" + json.dumps(line)[:30])
write("fuzz_metrics", "wrong.jsonl", '{"step":"1","epoch":1,"seconds":1,"values":{}}\n')

window = {"steps": 3, "loss": 2.5, "sums": [["images", 4.0], ["top1", None]]}
write("fuzz_metadata", "window", json.dumps(window))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, bits, color_type, lines, interlaced=0, more=b""):
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(lines, 9))
            + chunk(b"IEND", b""))


# The filters of PNG: one line of each.
write("fuzz_image", "16_bits.png", png(2, 5, 16, 2, b"".join(bytes([f]) + bytes(range(12)) for f in range(5))))
write("fuzz_image", "gray_alpha.png", png(3, 2, 8, 4, b"".join(bytes([f]) + bytes(range(6)) for f in (4, 3))))
write("fuzz_image", "rgba_16_bits.png", png(1, 2, 16, 6, (b"\0" + bytes(range(8))) * 2))
write("fuzz_image", "2_bits_transparent.png",
      png(3, 2, 2, 3, b"\0\x1b\0\xe4", more=chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\0\x80")))
write("fuzz_image", "gray_key.png", png(9, 1, 1, 0, b"\0\xaa\x80", more=chunk(b"tRNS", b"\0\1")))
# Adam7 of 3 x 3 pixels: of its seven passes the second and the third are empty.
write("fuzz_image", "interlaced.png", png(3, 3, 8, 0, b"\0\1" b"\0\2\3" b"\0\4" b"\0\5" b"\0\6\7\x08", interlaced=1))


def exif(order, orientation):
    mark = "<" if order == b"II" else ">"
    entries = struct.pack(mark + "HHHIHH", 1, 0x112, 3, 1, orientation, 0) + bytes(4)
    return order + struct.pack(mark + "HI", 42, 8) + entries


def with_app1(jpeg, content):
    content = b"Exif\0\0" + content
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


gray = corpus / "fuzz_image" / "gray.jpg"
if gray.exists():
    write("fuzz_image", "turned.jpg", with_app1(gray.read_bytes(), exif(b"II", 6)))
    write("fuzz_image", "mirrored.jpg", with_app1(gray.read_bytes(), exif(b"MM", 5)))
write("fuzz_image", "other.webp", b"RIFF\x1a\0\0\0WEBPVP8L")
write("fuzz_image", "turned.png", png(2, 1, 8, 0, b"\0\1\2", more=chunk(b"eXIf", exif(b"MM", 8))))


def tar(links=(), files=(("a/1", b"one"),)):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in files:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for path, target, kind in links:
            entry = tarfile.TarInfo(path)
            entry.linkname, entry.type = target, kind
            archive.addfile(entry)
        # Two empty blocks end an archive; tarfile fills up to 20.
        return memory.getvalue()[:archive.offset] + bytes(1024)


def zip_of(compression):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a/"), b"")
        archive.writestr(zipfile.ZipInfo("a/1"), b"one one one one one", compression)
    return memory.getvalue()


links = [("b", "a", tarfile.SYMTYPE), ("c", "b/1", tarfile.SYMTYPE), ("d", "a/1", tarfile.LNKTYPE),
         ("e/f", "../e", tarfile.SYMTYPE), ("g", "../../etc", tarfile.SYMTYPE)]
write("fuzz_archive", "links.tar", tar(links))
write("fuzz_archive", "small.tar.bz2", bz2.compress(tar()))
write("fuzz_archive", "small.tar.xz", lzma.compress(tar(), lzma.FORMAT_XZ))
write("fuzz_archive", "small.tar.lzma", lzma.compress(tar(), lzma.FORMAT_ALONE))
write("fuzz_archive", "stored.zip", zip_of(zipfile.ZIP_STORED))
write("fuzz_archive", "deflated.zip", zip_of(zipfile.ZIP_DEFLATED))
# 20 folders, each with two links to the one before: a million files, if somebody follows them.
doubling = [(f"{i:02}/{name}", f"../{i - 1:02}", tarfile.SYMTYPE) for i in range(1, 21) for name in "ab"]
write("fuzz_archive", "doubling_links.tar.xz", lzma.compress(tar(doubling, [("00/1", b"one")]), lzma.FORMAT_XZ))

write("fuzz_archive", "cut.zip", zip_of(zipfile.ZIP_DEFLATED)[:60])
write("fuzz_archive", "cut.tar.xz", lzma.compress(tar(), lzma.FORMAT_XZ)[:-40])

write("fuzz_data_yaml", "splits.yaml", """path: ../data  # as Roboflow has it
train: ../train/images
val: [valid/images, list.txt]
test: &t test/images
valid: *t
nc: 2
names: !!seq [cat, dog]
""")
write("fuzz_data_yaml", "aliases.yaml", "names:\n- &a cat\n- *a\ntrain: &b\n- *a\n- ~\nval: *b\n")
write("fuzz_data_yaml", "folded.yaml", 'train: >-\n  a\n  b\nnames: |\n  cat\n? val\n: "\\x41"\n--- \nnc: 1\n')

write("fuzz_yolo_label", "outline.txt", "\ufeff0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\r\n\t1 -.5 2 1e400 -0\r\n")
write("fuzz_yolo_label", "crlf_names.txt", "cat\r\n\u00e9t\u00e9\r\n\r\n")

write("fuzz_voc_annotation", "cvat.xml", """<annotation><folder/><filename>a.jpg</filename><size><width>4</width>
<height>3</height></size><segmented>0</segmented><object><name>dog</name><difficult>0</difficult><occluded>1</occluded><bndbox>
<xmin>1.0</xmin><ymin>1.0</ymin><xmax>3.0</xmax><ymax>3.0</ymax></bndbox><bndbox><xmin>2</xmin></bndbox><attributes><attribute>
<name>rotation</name><value>0.0</value></attribute></attributes></object><object><name>cat</name><difficult>Unspecified</difficult>
<polygon><x1>1</x1><y1>1</y1></polygon><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>""")

# What label-studio, VIA, CVAT and Roboflow write beside COCO's own.
write("fuzz_coco_annotations", "dialects.json", json.dumps({
    "info": {"year": "2024"}, "licenses": [{"id": 0, "name": "", "url": ""}],
    "categories": [{"id": 0, "name": "all", "supercategory": "none"}, {"id": 1, "name": "cat", "supercategory": "all"}],
    "images": [{"id": 0, "license": 1, "file_name": "..\\images\\1a2b3c4d-a%20b.jpg", "width": None, "height": 3, "flickr_url": ""}],
    "annotations": [{"id": 0, "image_id": 0, "category_id": 1, "bbox": [1.5, 0, 2, 1e-3], "area": None, "iscrowd": 0, "ignore": 0,
                     "segmentation": [], "attributes": {"occluded": False, "rotation": 0.0}},
                    {"id": 1, "image_id": 0, "category_id": 1, "segmentation": {"counts": "abc`1", "size": [3, 4]}, "iscrowd": 1,
                     "bbox": [0, 0, 1, 1], "area": 1}]}))
write("fuzz_coco_annotations", "cut.json", '\ufeff{"images": [{"id": 1e0, "file_name": "\\ud83d\\ude00"}], "annotations": [{"bbox": [')


def dataset(files):
    return b"\n".join(b"@" + path.encode() + b"\n" + (text if isinstance(text, bytes) else text.encode()) for path, text in files.items())


image = png(4, 3, 8, 0, b"\0\0\0\0\0" * 3)
xml = """<annotation><filename>a.png</filename><size><width>4</width><height>3</height></size><object><name>cat</name>
<difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></object></annotation>"""
write("fuzz_detector_dataset", "voc", dataset({
    "VOC2007/ImageSets/Main/trainval.txt": "a\nb\n", "VOC2007/ImageSets/Main/test.txt": "a\n", "VOC2007/Annotations/a.xml": xml,
    "VOC2007/Annotations/b.xml": xml, "VOC2007/JPEGImages/a.png": image, "VOC2007/JPEGImages/b.png": image}))
write("fuzz_detector_dataset", "voc_without_lists", dataset({"train/a.xml": xml, "train/a.png": image, "train/b.png": image,
                                                             "valid/x.xml": xml, "valid/a.png": image, "c.webp": ""}))
coco = json.dumps({"images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3}, {"id": 7, "file_name": "http://h/x/b%20c.png?q"}],
                   "annotations": [{"image_id": 1, "category_id": 2, "bbox": [1, 1, 2, 9]},
                                   {"image_id": 7, "category_id": 3, "bbox": [1, 1, -1, 1], "iscrowd": 1}],
                   "categories": [{"id": 2, "name": "cat"}, {"id": 3, "name": "dog"}]})
write("fuzz_detector_dataset", "coco", dataset({"annotations/instances_train2017.json": coco, "annotations/instances_val2017.json": coco,
                                                "train2017/a.png": image, "val2017/a.png": image, "b c.png": image}))
write("fuzz_detector_dataset", "coco_roboflow", dataset({"train/_annotations.coco.json": coco, "train/a.png": image, "train/b c.png": image}))
write("fuzz_detector_dataset", "yolo_yaml", dataset({
    "data.yaml": "path: ..\ntrain: ../train/images\nval: list.txt\nnc: 2\nnames: [cat, dog]\n", "list.txt": "./valid\\images\\b.png\n",
    "train/images/a.png": image, "train/labels/a.txt": "0 .5 .5 .5 .5\n1 0 0 1 0 1 1\n", "valid/images/b.png": image,
    "valid/labels/B.TXT": "1 .5 .5 9 -.5\n1 .5 .5 9 -.5\n"}))
write("fuzz_detector_dataset", "yolo_darknet", dataset({
    "obj.names": "cat\ndog\n", "obj.data": "classes = 2\ntrain = data/train.txt\n", "train.txt": "data/obj_train_data/a.png\n",
    "obj_train_data/a.png": image, "obj_train_data/a.txt": "0 .5 .5 .5 .5\n", "obj_train_data/b.png": image}))
write("fuzz_detector_dataset", "yolo_folders", dataset({
    "classes.txt": "cat\n", "images/train/a.png": image, "labels/train/a.txt": "0 .5 .5 .5 .5\n", "images/val/b.png": image,
    "labels/val/b.txt": "0 .1 .1 .1 .1\n"}))
write("fuzz_detector_dataset", "label_studio", dataset({
    "result.json": json.dumps({
        "images": [{"id": 0, "file_name": "../../label-studio/data/1a2b3c4d-A.png", "width": 8, "height": 6},
                   {"id": 1, "file_name": "images\\\\c.webp"}],
        "annotations": [{"image_id": 0, "category_id": 0, "bbox": [1, 1, 2, 1]}], "categories": [{"id": 0, "name": "cat"}]}),
    "elsewhere/a.png": image, "images/c.webp": "RIFF"}))
