(* The sum of the primes up to n: in an array of marks, multiples are crossed out in place. *)
let () =
  Bench.main (fun n _ ->
      let marks = Array.make (n + 1) true in
      let i = ref 2 in
      while !i * !i <= n do
        if marks.(!i) then begin
          let k = ref (!i * !i) in
          while !k <= n do
            marks.(!k) <- false;
            k := !k + !i
          done
        end;
        incr i
      done;
      let sum = ref 0 in
      for k = 2 to n do
        if marks.(k) then sum := !sum + k
      done;
      string_of_int !sum)
