/* xml - text as XML. What XML cannot hold has been left out before (press/press.h). */
#ifndef TIRO_PRESS_XML_H
#define TIRO_PRESS_XML_H

#include "base/buf.h"

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* In an element or a quoted attribute. */
void xml_text(struct buf *out, struct slice text);
/* <name>text</name> and a line end; `open` may have attributes. */
void xml_element(struct buf *out, const char *open, const char *close, struct slice text);

#endif
