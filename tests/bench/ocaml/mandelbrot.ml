(* How many steps the points of an n by n grid stay near 0, in fixed point; see mandelbrot.sire. *)
let one = 8192
let bias = 8 * one
let product = (bias * bias) + (64 * one * one)
let limit = 132 * one
let twice = 128 * one

let times a b = ((a * b) + product - (bias * (a + b))) lsr 13

let rec steps n x y cx cy =
  if n = 50 then n
  else
    let xx = times x x in
    let yy = times y y in
    if xx + yy > limit then n
    else
      let xy = times x y in
      steps (n + 1) (xx + cx - yy) ((2 * xy) + cy - twice) cx cy

let rec points i n sum =
  if i = n * n then sum
  else
    let cx = (6 * one) + (3 * one * (i mod n) / n) in
    let cy = (13 * one / 2) + (3 * one * (i / n) / n) in
    points (i + 1) n (sum + steps 0 bias bias cx cy)

let () = Bench.main (fun n _ -> string_of_int (points 0 n 0))
