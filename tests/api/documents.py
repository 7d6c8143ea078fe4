"""Small documents, made here: DOCX and PDF."""
import io
import zipfile
from xml.sax.saxutils import escape

import pypdf

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def paragraphs(texts):
    """The XML of a document of these."""
    return (f'<w:document xmlns:w="{W}"><w:body>' + "".join(
        f"<w:p><w:r><w:t>{escape(t)}</w:t></w:r></w:p>" for t in texts) + "</w:body></w:document>").encode()


def docx(xml):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", xml)
    return out.getvalue()


def pdf(line="Hello from a page"):
    """One page with one line; "": a page as of a scanner, without text."""
    text = b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % line.encode() if line else b"0 0 99 99 re f"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
               b"/Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, places = b"%PDF-1.4\n", []
    for n, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, one)
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table, len(out))


def encrypted_pdf(password):
    """The same, encrypted: "" opens by itself."""
    writer, out = pypdf.PdfWriter(io.BytesIO(pdf())), io.BytesIO()
    writer.encrypt(password, "the owner's", algorithm="RC4-128")  # What pypdf has without other packages.
    writer.write(out)
    return out.getvalue()
