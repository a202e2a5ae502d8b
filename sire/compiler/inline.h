// The inlining pass: beta reduction into lets where the program asks for it, and nowhere else. It shapes
// the laws that come out, and with them their hashes, so it is part of the language.
//
// A function is inlined where it is marked, by ** at the use or in its head, and has all its arguments;
// a recursive one never. What is known about an expression as a function is its potential. It goes
// through applications, through names bound by @ and ^, and through bindings of other modules.
//
//   INL(env, pend, e):  pend are arguments waiting for e; env gives the potential of each slot
//     const            REAPPLY(e, none)
//     var i            REAPPLY(e, env[i])
//     global b         REAPPLY(e, potential of INL([], [], code of b))
//     **x              (o, p) = INL(env, [], x);  REAPPLY(o, p marked)
//     lam              REAPPLY(lam with its body inlined, {lam, none of its arguments} unless recursive)
//     let v b          let INL(v) INL([potential of v] env, pend, b), without potential
//     rec vs b         the same, slots without potential
//     f x              INL(env, [INL(env, [], x)] pend, f)
//   REAPPLY(o, p):     when p has all arguments and is marked: INL(env, pend, EXPAND(p)), o is dropped;
//                      else o is applied to the first of pend, p gets it too, and again
//   EXPAND(p):         lets for the function itself (0) and each argument around the body as written
//
// Everything is computed only when it ends up in the result: the potential of a binding must not cost
// inlining its body, and the dropped o must not cost anything, or the time is exponential.
#pragma once
#include "sire/compiler/ast.h"

// The inlined form of a closed expression: without marks. NULL after an error.
Ast *inline_marked(Sire *s, Ast *x);
