/* SPDX-License-Identifier: BSD-2-Clause */
/* What a call can answer. Every call returns one of these, negative, or a result that is not. */
#pragma once

enum err {
	ERR_NONE = 0,
	ERR_AGAIN = -1, /* bounded work was done and more is left: call again with the same arguments */
	ERR_INVAL = -2,	 /* an argument is outside its rule */
	ERR_NOMEM = -3,	 /* no free extent is large enough, or the partition's pool is used up */
	ERR_BUSY = -4,	 /* the object is owned by somebody else */
	ERR_NOENT = -5,	 /* no such object */
	ERR_EXIST = -6,	 /* an object of that name exists */
	ERR_FAULT = -7,	 /* a pointer argument is not the caller's memory */
	ERR_PERM = -8,	 /* not a call for this caller */
	ERR_STATE = -9,	 /* the object is not in a state that allows it */
	ERR_NOSYS = -10, /* no such call */
	ERR_LIMIT = -11, /* a fixed limit of this build is reached */
};
